"""Stands before every route: no refusal leaves the service before the worry in what it refuses is durable (S3, S27)."""

import asyncio
import hashlib
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.referral.adapters.intake import Intake
from services.referral.adapters.salvage import read_json, salvage
from services.referral.adapters.senders import organisation_of_caller
from services.referral.domain.commands import KeepRefusedWorry, KeepUnreadable, RefusalInput
from services.referral.domain.policy import Findings, refused_worry, worries_in
from shared.access.caller import VISITOR
from shared.access.guard import Guard
from shared.events.ids import command_cause, refusal_id
from shared.runtime.errors import Unavailable
from shared.runtime.problems import problem_of
from shared.runtime.submission import Submission

log = structlog.get_logger()

LOOKED_INTO = frozenset({400, 404, 405, 406, 408, 413, 415, 422})
"""SAFETY S27; 409 and 425 tell of a message that was taken or refused before, 401, 403 and 429 of a stranger."""
PLACES = ("/api/", "/FHIR/")
LARGEST = 4_000_000
"""Bytes that are looked into; more than a body may have, so that a referral that is too large keeps its worry."""
REST_WITHIN_S = 2.0


@dataclass(slots=True)
class Heard:
    """The body as far as it came, whoever read it."""

    receive: Receive
    chunks: list[bytes] = field(default_factory=list)
    size: int = 0
    ended: bool = False

    async def __call__(self) -> Message:
        """ASGI receive, remembered."""
        message = await self.receive()
        if message["type"] == "http.request":
            self._keep(message)
        else:
            self.ended = True
        return message

    def _keep(self, message: Message) -> None:
        self.size += len(message.get("body", b""))
        if self.size <= LARGEST:
            self.chunks.append(message.get("body", b""))
        self.ended = not message.get("more_body", False)

    async def whole(self) -> bytes:
        """Everything that arrives within a short while; a refusal need not have read it."""
        try:
            async with asyncio.timeout(REST_WITHIN_S):
                while not self.ended and self.size <= LARGEST:
                    await self()
        except TimeoutError:
            pass
        return b"".join(self.chunks)


@dataclass(frozen=True, slots=True)
class RefusedMessage:
    """A body that was refused with `status`, whose it is, and the name its sender gave it."""

    body: bytes
    status: int
    organisation: str
    name: str | None
    correlation: UUID | None


class Keeper:
    """ASGI middleware. When the worry cannot be made durable the sender gets 503 and sends again.

    Only for callers who prove who they are: a stranger must not be able to fill the list with worries.
    """

    def __init__(self, app: ASGIApp, *, intake: Intake, guard: Guard) -> None:
        self._app = app
        self._intake = intake
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["method"] == "GET" or not scope["path"].startswith(PLACES):
            await self._app(scope, receive, send)
            return
        heard, replaced = Heard(receive), False

        async def send_after(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and message["status"] in LOOKED_INTO:
                try:
                    await self._keep(scope, heard, message["status"])
                except Exception as fault:
                    log.exception("refusal.not_kept", error_code=type(fault).__name__, outcome="unavailable")
                    replaced = True
                    await problem_of(Unavailable())(scope, receive, send)
            if not replaced:
                await send(message)

        await self._app(scope, heard, send_after)

    async def _keep(self, scope: Scope, heard: Heard, status: int) -> None:
        caller = await self._guard.known(Request(scope), "referral.send")
        if caller is VISITOR:
            return
        body = await heard.whole()
        if not body.strip():
            return
        headers = Headers(scope=scope)
        await self.keep(
            RefusedMessage(
                body=body,
                status=status,
                organisation=organisation_of_caller(caller),
                name=headers.get("Idempotency-Key") or headers.get("X-Request-Id"),
                correlation=scope.get("state", {}).get("correlation"),
            )
        )

    async def keep(self, refused: RefusedMessage) -> None:
        """Make the worry in a refused message durable, or the task for one that cannot be read. Raises `Failure`."""
        try:
            tree = read_json(refused.body)
        except ValueError:
            refusal = refusal_id(refused.organisation, _digest(refused.body))
            unreadable = KeepUnreadable(refusal, refused.organisation, refused.status, "body.unreadable")
            await self._submit(unreadable, refused, site=None, effect="unreadable")
            return
        message = _name_of(tree, refused)
        found = salvage(tree, risk=self._intake.data.risk, day=self._intake.clock.now().date())
        worry = refused_worry(
            worries_in(
                self._intake.data.risk,
                Findings(
                    organisation=refused.organisation,
                    message=message,
                    flags=found.flags,
                    conditions=found.conditions,
                    measures=found.measures,
                    age_band=found.age_band,
                ),
            )
        )
        if worry is not None:
            refusal = refusal_id(refused.organisation, message)
            kept = KeepRefusedWorry(refusal, refused.organisation, refused.status, f"http.{refused.status}", worry)
            await self._submit(kept, refused, site=found.site, effect=worry.code)

    async def _submit(self, asked: RefusalInput, refused: RefusedMessage, *, site: str | None, effect: str) -> None:
        await self._intake.executor.submit(
            Submission(
                input=asked,
                cause=command_cause(refused.organisation, "refusal", f"{asked.refusal}/{effect}"),
                scope=self._intake.scope(site),
                correlation=refused.correlation,
            )
        )


def _name_of(tree: Any, refused: RefusedMessage) -> str:
    """What the sender calls this message: Bundle.id as later attempts repeat it (S27), else its key, else its bytes."""
    if isinstance(tree, dict) and tree.get("resourceType") == "Bundle" and isinstance(tree.get("id"), str):
        return str(tree["id"])[:64]
    return refused.name[:64] if refused.name else _digest(refused.body)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
