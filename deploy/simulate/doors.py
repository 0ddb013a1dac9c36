"""The public doors of the five services, as a caller sees them: HTTP and JSON, a token, a key with every write."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import httpx

from deploy.simulate.cast import TRAINER, TRIAGE_WORKER, TRUST, Asker, Staff
from deploy.simulate.tokens import Tokens
from shared.runtime.clock import new_id

ROLE = "Beside-Role"
PATIENCE_S = 60.0
HEARD_WITHIN_S = 10.0

Json = dict[str, Any]


class DoorShut(Exception):
    """A service answered something the story has no place for."""


class Doors:
    """One caller of all services. Every write is sent again under the same key until it is answered."""

    def __init__(self, services: Mapping[str, str], client: httpx.AsyncClient, tokens: Tokens) -> None:
        self._services = services
        self._client = client
        self._tokens = tokens

    async def post(
        self,
        service: str,
        path: str,
        body: Json,
        *,
        asker: Asker | None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        """POST with a fresh key, as `asker` or as nobody; returns the answer's JSON.

        Raises `DoorShut` for anything but success.
        """
        sent = {"Idempotency-Key": str(new_id()), **(headers or {})}
        give_up = time.monotonic() + PATIENCE_S
        while True:
            answer = await self._tried(self._services[service] + path, body, sent | await self._proof(asker))
            if answer is not None and answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return _json_of(answer, path)
            if time.monotonic() > give_up:
                raise DoorShut(f"{service} {path}: no answer within {PATIENCE_S:g} s")
            await asyncio.sleep(0.2)

    async def _tried(self, url: str, body: Json, headers: Mapping[str, str]) -> httpx.Response | None:
        """One try; None when the connection broke, after which only the key says that it was the same request."""
        try:
            return await self._client.post(url, json=body, headers=headers)
        except httpx.TransportError:
            return None

    async def _proof(self, asker: Asker | None) -> dict[str, str]:
        """The headers that prove who asks."""
        if asker is None:
            return {}
        if not isinstance(asker, Staff):
            return {"Authorization": f"Bearer {await self._tokens.system_token(asker.client)}"}
        proof = {"Authorization": f"Bearer {await self._tokens.staff_token(asker.name)}"}
        return proof | ({ROLE: asker.role} if asker.role else {})

    async def post_when_heard(self, service: str, path: str, body: Json, *, asker: Asker) -> Json:
        """POST, and again while it conflicts: what it builds on may not have been heard there yet."""
        give_up = time.monotonic() + HEARD_WITHIN_S
        while True:
            try:
                return await self.post(service, path, body, asker=asker)
            except Conflict:
                if time.monotonic() > give_up:
                    raise
            await asyncio.sleep(0.1)

    async def get(self, service: str, path: str, *, asker: Asker) -> Json:
        """GET as `asker`."""
        answer = await self._client.get(self._services[service] + path, headers=await self._proof(asker))
        return _json_of(answer, path)

    async def until(
        self, service: str, path: str, good: Callable[[Json], bool], *, asker: Asker, within_s: float = PATIENCE_S
    ) -> Json:
        """Look again until the answer is good. Raises `DoorShut` when it never is."""
        give_up = time.monotonic() + within_s
        while True:
            answer = await self._client.get(self._services[service] + path, headers=await self._proof(asker))
            if answer.status_code == httpx.codes.OK and good(answer.json()):
                found: Json = answer.json()
                return found
            if time.monotonic() > give_up:
                raise DoorShut(f"{service} {path}: still {answer.status_code} after {within_s:g} s")
            await asyncio.sleep(0.05)


class Conflict(DoorShut):
    """The present state does not allow it."""


def _json_of(answer: httpx.Response, path: str) -> Json:
    if answer.status_code == httpx.codes.CONFLICT:
        raise Conflict(f"{path}: {answer.text[:300]}")
    if not answer.is_success:
        raise DoorShut(f"{path}: {answer.status_code} {answer.text[:300]}")
    found: Json = answer.json()
    return found


async def refer(doors: Doors, body: Json) -> UUID:
    """A triage worker writes a referral down; returns its id, which is the case's id everywhere."""
    return UUID((await doors.post("referral", "/api/referrals", body, asker=TRIAGE_WORKER))["id"])


async def refer_bundle(doors: Doors, bundle: Json, headers: Mapping[str, str]) -> UUID:
    """A trust's system posts a referral as a BaRS-shaped message; returns the id of our ServiceRequest."""
    answer = await doors.post("referral", "/FHIR/R4/$process-message", bundle, asker=TRUST, headers=headers)
    resources = [entry["resource"] for entry in answer["entry"]]
    return UUID(next(one["id"] for one in resources if one["resourceType"] == "ServiceRequest"))


async def register_volunteer(doors: Doors, site: str, gates: list[str], cap: int, account: UUID | None = None) -> UUID:
    """A trainer registers a volunteer who has passed every gate; returns her id: her account's, if she has one."""
    body: Json = {"site": site, "offers": ["one-to-one"], "cap": cap, "gates": gates}
    body |= {"account": str(account)} if account else {}
    return UUID((await doors.post("support", "/api/volunteers", body, asker=TRAINER))["id"])


async def decide(doors: Doors, case: UUID, outcome: str, offer: str | None, reason: str, *, by: Staff) -> None:
    """A project manager decides a case."""
    body: Json = {"outcome": outcome, "reason": reason} | ({"offer": offer} if offer else {})
    await doors.post("triage", f"/api/cases/{case}/decision", body, asker=by)


async def match(doors: Doors, case: UUID, volunteer: UUID, *, by: Staff) -> None:
    """A project manager holds a volunteer's place for the case, then makes the match."""
    body = {"volunteer": str(volunteer)}
    await doors.post("support", f"/api/cases/{case}/places", body, asker=by)
    await doors.post_when_heard("support", f"/api/cases/{case}/match", body, asker=by)


async def log_session(doors: Doors, case: UUID, held_at: datetime, number: int, *, by: Staff) -> None:
    """A session that took place is logged."""
    body = {
        "session": str(uuid5(case, f"session {number}")),
        "offer": "one-to-one",
        "channel": "face_to_face",
        "minutes": 55,
        "outcome": "took_place",
        "reasons": [],
        "attended": True,
        "held_at": held_at.isoformat(),
    }
    await doors.post("support", f"/api/cases/{case}/sessions", body, asker=by)


async def gather_bounded(work: list[Callable[[], Awaitable[None]]], at_once: int) -> None:
    """Run every piece of work, at most `at_once` at a time; the first failure ends it."""
    places = asyncio.Semaphore(at_once)

    async def one(piece: Callable[[], Awaitable[None]]) -> None:
        async with places:
            await piece()

    async with asyncio.TaskGroup() as group:
        for piece in work:
            group.create_task(one(piece))
