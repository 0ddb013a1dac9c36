"""From what another service sent, by push or by Kafka, to a concern; what cannot be read is a concern itself (S3)."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from services.safeguarding.domain.commands import RaiseConcern
from shared.events.catalogue import UnknownType, Unreadable
from shared.events.cloudevents import from_record
from shared.events.ids import concern_id, reaction_cause, signal_id_from_message, uuid_in
from shared.events.moment import Moment
from shared.events.recorded import Recorded
from shared.events.support import SupportWorryFlagged
from shared.events.worry import WorryFlagged
from shared.programmes.model import Sites
from shared.runtime.submission import Scope, Submission

UNREADABLE = "unreadable-signal"


def from_push(body: bytes, sites: Sites, *, now: Moment) -> Submission:
    """The concern a pushed body raises. Total: any bytes at all raise exactly one."""
    headers, data = _parts(body)
    try:
        value = orjson.dumps(data) if data is not None else None
        worry = from_record(None, value, [(name, _bytes(text)) for name, text in headers.items()])
    except (UnknownType, Unreadable):
        return from_unreadable(headers, data, body, sites, now=now)
    return from_recorded(worry) or from_unreadable(headers, data, body, sites, now=now)


def from_recorded(signal: Recorded) -> Submission | None:
    """The concern a readable worry raises, the same on both paths; None for an event that is no worry."""
    worry = signal.event
    if not isinstance(worry, WorryFlagged):
        return None
    concern = concern_id(worry.signal_id)
    asked = RaiseConcern(
        concern=concern,
        signal_id=worry.signal_id,
        case=worry.case,
        level=worry.level,
        about=worry.about,
        code=worry.code,
        observed_at=worry.observed_at,
        device=worry.device if isinstance(worry, SupportWorryFlagged) else None,
    )
    return Submission(
        input=asked,
        cause=reaction_cause(signal.event_id, asked.stream, "RaiseConcern", 0),
        scope=Scope(signal.provider, signal.site),
        correlation=signal.correlation,
    )


def from_unreadable(headers: Mapping[str, Any], data: Any, raw: bytes, sites: Sites, *, now: Moment) -> Submission:
    """A page about something that could not be read, under the ids it still shows, so that both paths meet."""
    fields = data if isinstance(data, dict) else {}
    shown = uuid_in(fields.get("signal_id")) or uuid_in(headers.get("ce_id"))
    signal = shown or signal_id_from_message("safeguarding", sha256(raw).hexdigest(), UNREADABLE)
    asked = RaiseConcern(
        concern=concern_id(signal),
        signal_id=signal,
        case=uuid_in(headers.get("ce_subject")),
        level="now",
        about="unknown",
        code=UNREADABLE,
        observed_at=now,
    )
    scope = place(sites, _text(headers.get("ce_provider")), _text(headers.get("ce_site")))
    return Submission(input=asked, cause=reaction_cause(signal, asked.stream, UNREADABLE, 0), scope=scope)


def from_record_bytes(
    headers: Iterable[tuple[str, bytes | None]], value: bytes | None, sites: Sites, *, now: Moment
) -> Submission:
    """The page about a Kafka record that could not be read."""
    shown = {name: (text or b"").decode(errors="replace") for name, text in headers}
    try:
        data = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        data = None
    return from_unreadable(shown, data, value or b"", sites, now=now)


def place(sites: Sites, provider: str | None, site: str | None) -> Scope:
    """Where a concern belongs that names this provider and site, as far as they are known: somebody always answers."""
    owner = sites.provider_of(site) if site else None
    return Scope(owner, site) if owner and site else Scope(*sites.home(provider))


def opened(body: bytes) -> tuple[bytes, str | None]:
    """A pushed body without what was enclosed for nobody but this service, and that: a sealed contact card."""
    try:
        whole = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body, None
    if not isinstance(whole, dict) or not isinstance(whole.get("card"), str):
        return body, None
    return orjson.dumps({name: value for name, value in whole.items() if name != "card"}), whole["card"]


def case_of(body: bytes) -> UUID | None:
    """The case a pushed body names, if it can be seen."""
    return uuid_in(_parts(body)[0].get("ce_subject"))


def _parts(body: bytes) -> tuple[dict[str, Any], Any]:
    try:
        whole = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}, None
    headers = whole.get("headers") if isinstance(whole, dict) else None
    return (headers, whole.get("data")) if isinstance(headers, dict) else ({}, None)


def _bytes(text: Any) -> bytes | None:
    return text.encode(errors="replace") if isinstance(text, str) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
