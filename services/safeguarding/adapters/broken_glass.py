"""Takes notice that somebody broke the glass at a service, and mails it to whom it concerns until that has arrived."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pymongo import IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from services.safeguarding.adapters.channels import Channel, Page
from services.safeguarding.domain.broken_glass import TellingRules, Told
from services.safeguarding.domain.rota import Person
from shared.access.app import guarded_router
from shared.access.guard import caller_of_request
from shared.runtime.body import parse, read_body
from shared.runtime.clock import Clock
from shared.runtime.due import look_for_due
from shared.runtime.operation import performs
from shared.web.moments import moment_words

log = structlog.get_logger()
Document = dict[str, Any]
LOOK_EVERY = 0.5
KEPT_DAYS = 30
IDS = r"^[A-Za-z0-9._/-]{1,160}$"


class Notice(BaseModel):
    """What a service says of it: ids and codes, and the reason in words of the list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: UUID
    service: str = Field(pattern=r"^[a-z]{1,20}$")
    by: str = Field(pattern=IDS)
    provider: str = Field(max_length=80)
    reason: str = Field(pattern=r"^[a-z-]{1,80}$")
    reason_in_words: str = Field(max_length=200)
    begun_at: AwareDatetime
    ends_at: AwareDatetime


class Notices:
    """A Part: every notice, mailed to each of `rules.told`."""

    def __init__(self, kept: AsyncCollection[Document], mail: Channel, rules: TellingRules, clock: Clock) -> None:
        self.name = "break-glass mails"
        self._kept = kept
        self._mail = mail
        self._rules = rules
        self._clock = clock

    def use(self, mail: Channel) -> None:
        """Send by this channel from now on."""
        self._mail = mail

    async def ensure_indexes(self) -> None:
        """Find those that wait; what was mailed is forgotten after a month."""
        forgotten = IndexModel([("sent_at", 1)], expireAfterSeconds=KEPT_DAYS * 24 * 3600)
        await self._kept.create_indexes([IndexModel([("state", 1), ("next_at", 1)]), forgotten])

    async def take(self, notice: Notice) -> None:
        """Keep a notice for everybody who is to have it; durable on return. Said again it is the same."""
        now, said = self._clock.now(), notice.model_dump(mode="python")
        for told in self._rules.told:
            mail = {"_id": f"{notice.id}/{told.id}", "to": told.id, "notice": said, "state": "waiting"}
            with contextlib.suppress(DuplicateKeyError):
                await self._kept.insert_one(mail | {"attempts": 0, "next_at": now})

    async def run(self) -> None:
        """Mail until cancelled."""
        await look_for_due(self.look, every=LOOK_EVERY, failed="break_glass.look_failed")

    async def look(self) -> int:
        """Try once each that is due; returns how many were taken by the mail server."""
        due = {"state": "waiting", "next_at": {"$lte": self._clock.now()}}
        sent = 0
        for mail in await self._kept.find(due).sort("next_at").to_list(100):
            sent += await self._send(mail)
        return sent

    async def _send(self, mail: Document) -> bool:
        now, attempts = self._clock.now(), mail["attempts"] + 1
        later = now + timedelta(seconds=self._rules.retry_after(attempts))
        await self._kept.update_one({"_id": mail["_id"]}, {"$set": {"attempts": attempts, "next_at": later}})
        told = next((one for one in self._rules.told if one.id == mail["to"]), None)
        try:
            if told is None:
                raise LookupError("nobody of that name is told any more")
            async with asyncio.timeout(self._rules.timeout):
                await self._mail.send(self._page(mail), _person(told), now=now)
        except Exception as failed:  # noqa: BLE001 - whatever the far end does, it is tried again
            log.error("break_glass.mail_failed", attempt=attempts, error_code=type(failed).__name__, outcome="retry")
            return False
        await self._kept.update_one({"_id": mail["_id"]}, {"$set": {"state": "sent", "sent_at": now}})
        return True

    def _page(self, mail: Document) -> Page:
        said = mail["notice"]
        reference = str(said["id"])[:8]
        times = {name: moment_words(said[name]) for name in ("begun_at", "ends_at")}
        words = {
            "reference": reference,
            "by": said["by"],
            "service": said["service"],
            "reason": said["reason_in_words"],
        }
        return Page(mail["_id"], reference, "", self._rules.subject, self._rules.body.format(**words, **times))


def _person(told: Told) -> Person:
    """As a channel of pages wants it; who is told of this has no code and takes no concern."""
    return Person(id=told.id, role="information-governance", email=told.email, channels=("email",), code="")


def notice_routes(notices: Notices) -> APIRouter:
    """Where the services hand notices over."""
    router = guarded_router(prefix="/api")

    @router.post("/break-glass-notices", status_code=202)
    @performs("break-glass.notice")
    async def take(request: Request) -> dict[str, bool]:
        """Take a notice; 2xx once it is durable."""
        notice = parse(Notice, await read_body(request))
        await notices.take(notice.model_copy(update={"service": caller_of_request(request).id}))
        return {"taken": True}

    return router
