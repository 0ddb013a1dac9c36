"""Bodies and headers of made-up referrals, and how to post them."""

from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID

import httpx
import orjson
from fhir.resources.R4B.operationoutcome import OperationOutcome

from deploy.simulate import bundles, referrals
from tests.referral.world import World

DAY = datetime(2026, 11, 24, tzinfo=UTC)
PLANNED = list(islice(referrals.plan(7, DAY.date()), 8))
WITH_FLAG = list(referrals.plan(7, DAY.date()))[-1]


def body(**changes: Any) -> dict[str, Any]:
    """A plain JSON referral."""
    return PLANNED[0].body(DAY.date()) | changes


def words() -> tuple[str, ...]:
    """What identifies the woman of `body`."""
    return PLANNED[0].person.words()


async def post(intake: World, sent: Any, key: str = "key-0001", **headers: str) -> httpx.Response:
    """Post JSON, or bytes as they are."""
    said = {"Idempotency-Key": key, "Content-Type": "application/json"} | headers
    if isinstance(sent, bytes):
        return await intake.client.post("/api/referrals", content=sent, headers=said)
    return await intake.client.post("/api/referrals", json=sent, headers=said)


def message(number: int = 1, planned: referrals.Planned = PLANNED[0]) -> dict[str, Any]:
    """A BaRS-shaped new referral."""
    return bundles.bundle(planned, UUID(int=number), DAY)


def headers(request: int = 1, correlation: int = 2, site: str = "halton") -> dict[str, str]:
    """The headers of a sender."""
    return bundles.headers(UUID(int=request), UUID(int=correlation), site)


async def send(intake: World, sent: Any, said: dict[str, str] | None = None) -> httpx.Response:
    """Send a message through the FHIR door."""
    content = sent if isinstance(sent, bytes) else orjson.dumps(sent)
    url = "/FHIR/R4/$process-message"
    return await intake.client.post(url, content=content, headers=headers() if said is None else said)


def resource(sent: dict[str, Any], kind: str) -> dict[str, Any]:
    """The first resource of a type, to be changed."""
    return next(e["resource"] for e in sent["entry"] if e["resource"]["resourceType"] == kind)


def outcome(answer: Any) -> tuple[int, str, str]:
    """Status, error code and issue code; the oracle reads the body."""
    OperationOutcome.model_validate(answer.json())
    (issue,) = answer.json()["issue"]
    return answer.status_code, issue["details"]["coding"][0]["code"], issue["code"]
