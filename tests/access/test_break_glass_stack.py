"""From a broken glass at one service to the information-governance lead's mail, with safeguarding away meanwhile."""

import asyncio
from functools import partial
from typing import Any

import httpx
import pytest

from deploy.local.testing import LocalStack, wait_until
from shared.runtime.clock import new_id
from shared.testing.issuer import bearer


def begin(stack: LocalStack, service: str) -> str:
    """Somebody breaks it; the reference of the notice."""
    said = bearer(f"project-manager/{new_id()}", sites=["halton"]) | {"Idempotency-Key": str(new_id())}
    url = f"{stack.urls[service]}/api/break-glass"
    answer = httpx.post(url, json={"reason": "immediate-safety"}, headers=said, trust_env=False)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])[:8]


def mailed(stack: LocalStack, reference: str) -> list[dict[str, Any]]:
    """The mails about it."""
    return [one for one in stack.mails() if reference in str(one) and "ig-lead" in str(one)]


@pytest.mark.real
@pytest.mark.timeout(180)
async def test_each_service_pages_the_information_governance_lead_also_after_safeguarding_was_away(
    stack: LocalStack,
) -> None:
    await asyncio.to_thread(stack.stop, "safeguarding")
    try:
        references = [await asyncio.to_thread(begin, stack, name) for name in ("referral", "triage", "support")]
    finally:
        await asyncio.to_thread(stack.start, "safeguarding")

    for reference in references:
        arrived = partial(mailed, stack, reference)
        found = await asyncio.to_thread(wait_until, arrived, within_s=30, what="a mail to the lead")
        assert len(found) == 1
