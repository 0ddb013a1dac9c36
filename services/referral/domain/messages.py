"""Messages that ask for nothing and belong to no open referral: each waits until a named person has read it."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, assert_never
from uuid import UUID

from services.referral.domain.commands import Worry
from services.referral.domain.worries import flagged
from shared.events.event import Event
from shared.events.referral import MessageKept, MessageRead
from shared.events.refusal import NotFound


@dataclass(frozen=True, slots=True)
class KeepMessage:
    """A message came; its words are in the vault already, under its id. `case`: whom it is about, if that is known."""

    message: UUID
    organisation: str
    case: UUID | None = None
    worries: tuple[Worry, ...] = ()

    @property
    def stream(self) -> str:
        """One stream per message."""
        return f"message/{self.message}"


@dataclass(frozen=True, slots=True)
class MarkMessageRead:
    """A named person has read it; `by` is "<role>/<id>"."""

    message: UUID
    by: str

    @property
    def stream(self) -> str:
        """One stream per message."""
        return f"message/{self.message}"


@dataclass(frozen=True, slots=True)
class Unkept:
    """No message under this id."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Kept; nobody has read it."""

    case: UUID | None


@dataclass(frozen=True, slots=True)
class Read:
    """Somebody has read it."""


Message: TypeAlias = Unkept | Waiting | Read
MessageInput: TypeAlias = KeepMessage | MarkMessageRead


def decide_message(asked: MessageInput, state: Message, /, *, now: datetime) -> list[Event]:
    """Kept once with every worry in it (SAFETY S3), read once. Raises `NotFound` for one that never came."""
    match asked:
        case KeepMessage():
            return _keep(asked, state, now)
        case MarkMessageRead():
            return _read(asked, state, now)
        case _ as missed:
            assert_never(missed)


def _keep(asked: KeepMessage, state: Message, now: datetime) -> list[Event]:
    if not isinstance(state, Unkept):
        return []
    kept = MessageKept(case=asked.case, occurred_at=now, organisation=asked.organisation)
    return [kept, *(flagged(worry, now, asked.case) for worry in asked.worries)]


def _read(asked: MarkMessageRead, state: Message, now: datetime) -> list[Event]:
    match state:
        case Waiting():
            return [MessageRead(case=state.case, occurred_at=now, by=asked.by)]
        case Read():
            return []
        case Unkept():
            raise NotFound("referral.no_message", "There is no such message.")
        case _ as missed:
            assert_never(missed)


def evolve_message(state: Message, event: Event) -> Message:
    """The message after `event`; a worry in it changes nothing here."""
    match event:
        case MessageKept():
            return Waiting(event.case)
        case MessageRead():
            return Read()
        case _:
            return state
