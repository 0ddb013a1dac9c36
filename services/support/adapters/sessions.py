"""Reads a session out of what was sent: a field nobody can read becomes a fault, the session itself stays (S3)."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar, get_args
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, TypeAdapter, ValidationError

from services.support.domain.case.commands import LogSession, SessionOutcome
from shared.events.codes import Channel, Count

FIELDS = frozenset(
    {"session", "offer", "channel", "minutes", "outcome", "reasons", "attended", "held_at", "by", "worry", "notes"}
)
UNKNOWN_FIELD = "unknown_field"
NO_OFFER = "unknown"
T = TypeVar("T")

_UUID: TypeAdapter[UUID] = TypeAdapter(UUID)
_COUNT: TypeAdapter[int] = TypeAdapter(Count)
_BOOL: TypeAdapter[bool] = TypeAdapter(bool)
_TIME: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)
_CHANNEL: TypeAdapter[Channel] = TypeAdapter(Channel)
_OUTCOME: TypeAdapter[SessionOutcome] = TypeAdapter(SessionOutcome)


@dataclass(frozen=True, slots=True)
class Reading:
    """The command, and free words to be kept."""

    asked: LogSession
    notes: str | None


class _Fields:
    """Takes one field after the other and remembers which could not be read."""

    def __init__(self, sent: Mapping[str, Any]) -> None:
        self._sent = sent
        self.faults = [UNKNOWN_FIELD] if sent.keys() - FIELDS else []

    def take(self, name: str, kind: TypeAdapter[T], otherwise: T, *, needed: bool = True) -> T:
        value = self._sent.get(name)
        if value is None:
            self.faults += [name] if needed else []
            return otherwise
        try:
            return kind.validate_python(value)
        except ValidationError:
            self.faults.append(name)
            return otherwise


def one_of(codes: Collection[str]) -> TypeAdapter[str]:
    """Takes a code of the list, and nothing a writer made up: it could hold a name."""
    return TypeAdapter(Annotated[str, AfterValidator(_in(frozenset(codes)))])


def some_of(codes: Collection[str]) -> TypeAdapter[tuple[str, ...]]:
    """The same for several."""
    return TypeAdapter(tuple[Annotated[str, AfterValidator(_in(frozenset(codes)))], ...])


def _in(codes: frozenset[str]) -> Callable[[str], str]:
    def check(code: str) -> str:
        if code not in codes:
            raise ValueError("not one of the list")
        return code

    return check


def read_session(
    sent: Mapping[str, Any],
    case: UUID,
    *,
    offers: Collection[str],
    reasons: Collection[str],
    now: datetime,
    new_id: Callable[[], UUID],
) -> Reading:
    """The session in `sent`. Total: every field has something to stand in for it, and the fault says so."""
    fields = _Fields(sent)
    outcome = fields.take("outcome", _OUTCOME, "took_place")
    notes = sent.get("notes")
    if notes is not None and not isinstance(notes, str):
        fields.faults.append("notes")
    by = fields.take("by", _UUID, UUID(int=0), needed=False)
    asked = LogSession(
        case=case,
        session=fields.take("session", _UUID, new_id(), needed=False),
        offer=fields.take("offer", one_of(offers), NO_OFFER),
        channel=fields.take("channel", _CHANNEL, get_args(Channel)[0]),
        minutes=fields.take("minutes", _COUNT, 0),
        outcome=outcome,
        attended=fields.take("attended", _BOOL, outcome == "took_place", needed=False),
        held_at=fields.take("held_at", _TIME, now),
        reasons=fields.take("reasons", some_of(reasons), (), needed=False),
        by=by if by.int else None,
        faults=tuple(fields.faults),
    )
    return Reading(asked, notes if isinstance(notes, str) and notes.strip() else None)
