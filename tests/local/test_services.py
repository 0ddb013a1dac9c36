"""The five services under the supervisor: ready, back after kill -9, drained on SIGTERM, alive without Kafka."""

import os
import signal
import time
from pathlib import Path

import httpx
import psutil
import pytest

from deploy.local.places import SERVICES
from deploy.local.testing import LocalStack, own_stack, wait_until

pytestmark = pytest.mark.real
BACK_WITHIN_S = 3.0
LARGEST_MB = 110
DRAINED_WITHIN_S = 10.0


def answers(stack: LocalStack, service: str) -> bool:
    """Whether the service says that it is ready."""
    try:
        return httpx.get(f"{stack.urls[service]}/health/ready", timeout=1, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.mark.parametrize("service", SERVICES)
def test_a_running_service_is_ready_and_no_larger_than_planned(stack: LocalStack, service: str) -> None:
    assert answers(stack, service)

    size = psutil.Process(stack.pid(service)).memory_info().rss / 1024 / 1024
    assert size <= LARGEST_MB


@pytest.mark.campaign
@pytest.mark.parametrize("service", SERVICES)
def test_a_killed_service_is_back_in_three_seconds(stack: LocalStack, service: str) -> None:
    killed = stack.kill(service)
    at = time.monotonic()

    wait_until(
        lambda: stack.pid(service) not in (None, killed) and answers(stack, service),
        within_s=BACK_WITHIN_S * 3,
        what=f"{service} back",
    )

    assert time.monotonic() - at <= BACK_WITHIN_S


def test_a_service_told_to_stop_ends_by_itself_within_ten_seconds(stack: LocalStack) -> None:
    pid = stack.pid("triage")
    assert pid
    process = psutil.Process(pid)

    os.kill(pid, signal.SIGTERM)
    process.wait(DRAINED_WITHIN_S)

    stack.wait_ready("triage", not_pid=pid)


def test_services_start_and_are_ready_while_kafka_is_absent(tmp_path: Path) -> None:
    with own_stack(tmp_path, held=("kafka",)) as stack:
        assert [service for service in SERVICES if not answers(stack, service)] == []

        stack.start("kafka")

        assert [service for service in SERVICES if not answers(stack, service)] == []


def test_logs_are_lines_of_json(stack: LocalStack) -> None:
    for service in SERVICES:
        lines = (stack.logs / f"{service}.log").read_text().splitlines()
        assert [line for line in lines if not line.startswith("{")] == [], service
