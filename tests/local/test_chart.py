"""The Helm chart gives each service settings it has and must have, as far as that can be seen without a cluster."""

import re
import shutil
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.places import CHECKOUT, SERVICES

CHART = CHECKOUT / "deploy" / "helm" / "beside"
SERVICES_TEMPLATE = (CHART / "templates" / "services.yaml").read_text()
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
ENVIRONMENT = re.compile(r"name: (?:\{\{ \$prefix \}\}_|[A-Z]+?_)([A-Z_]+)[,\n]")
FILLED_IN = {
    "image.repository": "registry.example/beside",
    "image.tag": "1",
    "origin": "https://beside.example.org",
    "mongo": "mongodb://mongo/?replicaSet=beside",
    "kafka": "kafka:9092",
    "issuer.url": "https://issuer.example.org",
    "issuer.jwksUrl": "https://issuer.example.org/keys",
    "smtp.host": "mail",
    "smtp.from": "pages@example.org",
    "webhook.url": "https://pager.example.org",
    "webhook.secret": "pager",
    "onCall": "rota",
    "frontDoor.tlsSecret": "tls",
}
PROXIED = {
    "frontDoor.nationalProxy.enabled": "true",
    "frontDoor.nationalProxy.certificate": "proxy.example.nhs.uk",
    "frontDoor.nationalProxy.authority": "nhs-root",
    "frontDoor.nationalProxy.doorKey": "door",
}


def settings_of(service: str) -> dict[str, Any]:
    """The fields of a service's settings."""
    found: dict[str, Any] = import_module(f"services.{service}.settings").Settings.model_fields
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_must_be_told_it_is_told(service: str) -> None:
    told = {name.lower() for name in ENVIRONMENT.findall(SERVICES_TEMPLATE)}
    must = {name for name, field in settings_of(service).items() if field.is_required()}

    assert must <= told


def test_every_name_is_one_that_a_service_knows() -> None:
    told = {name.lower() for name in ENVIRONMENT.findall(SERVICES_TEMPLATE)}
    known = {name for service in SERVICES for name in settings_of(service)}

    assert told <= known
    assert len(told) > 20


def test_each_service_calls_those_it_has_a_setting_for() -> None:
    for service in SERVICES:
        can = {name.removesuffix("_urls") for name in settings_of(service) if name.removesuffix("_urls") in SERVICES}
        assert set(VALUES["services"][service]["calls"]) == can, service


def test_the_ports_are_those_of_the_settings() -> None:
    assert {name: one["port"] for name, one in VALUES["services"].items()} == {
        service: settings_of(service)["port"].default for service in SERVICES
    }


def test_a_worry_never_waits_for_one_instance() -> None:
    assert VALUES["services"]["safeguarding"]["replicas"] >= 2
    assert VALUES["frontDoor"]["replicas"] >= 2


def test_the_front_door_is_the_one_that_is_tested_here() -> None:
    assert (CHART / "front_door").resolve() == CHECKOUT / "deploy" / "front_door"


@pytest.mark.parametrize("template", sorted((CHART / "templates").glob("*.yaml")), ids=lambda file: file.name)
def test_no_block_is_filled_in_between_braces(template: Path) -> None:
    """Not YAML any more once helm has filled it in; only helm itself would say so, and few machines have it."""
    assert re.findall(r"\{[^{}]*: \{\{-[^}]*nindent", template.read_text()) == []


def rendered(values: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What helm makes of the chart."""
    said = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
    command = ["helm", "template", "town", str(CHART), *said]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.skipif(shutil.which("helm") is None, reason="no helm here")
@pytest.mark.parametrize("more", [{}, PROXIED], ids=["direct", "proxied"])
def test_helm_makes_documents_of_it(more: dict[str, str]) -> None:
    told = rendered(FILLED_IN | more)
    assert told.returncode == 0, told.stderr
    documents = [one for one in yaml.safe_load_all(told.stdout) if one]
    stateful = {one["metadata"]["name"]: one for one in documents if one["kind"] == "StatefulSet"}

    assert stateful.keys() == {f"town-{name}" for name in SERVICES}
    assert [one["kind"] for one in documents].count("NetworkPolicy") == len(SERVICES)
    assert "handle_path" in next(one for one in documents if one["kind"] == "ConfigMap")["data"]["Caddyfile"]


@pytest.mark.skipif(shutil.which("helm") is None, reason="no helm here")
@pytest.mark.parametrize("left_out", sorted(FILLED_IN.keys() | PROXIED.keys() - {"frontDoor.nationalProxy.enabled"}))
def test_helm_installs_nothing_that_lacks_what_it_must_have(left_out: str) -> None:
    values = {name: value for name, value in (FILLED_IN | PROXIED).items() if name != left_out}

    assert rendered(values).returncode != 0
