"""How an event travels on Kafka: CloudEvents 1.0 in binary mode, attributes in headers, data as JSON."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from shared.events.catalogue import SERVICES, Unreadable, decode, known
from shared.events.event import ENVELOPE_FIELDS
from shared.events.moment import whole_milliseconds
from shared.events.recorded import Recorded
from shared.events.shapes import CODE, STREAM, WIRE
from shared.events.upcasters import newest

CONTENT_TYPE = "application/json"
SPECVERSION = "1.0"
REQUIRED = (
    "ce_specversion",
    "ce_id",
    "ce_source",
    "ce_type",
    "ce_sequence",
    "ce_time",
    "ce_recordedtime",
    "ce_provider",
    "ce_site",
    "ce_causationid",
    "ce_epoch",
    "ce_commit",
)
OPTIONAL = ("ce_subject", "ce_correlationid", "ce_claims", "content-type")
_READ = frozenset(REQUIRED + OPTIONAL)
_ENVELOPE = set(ENVELOPE_FIELDS)
_DATA = TypeAdapter(dict[str, Any])
_CLAIMS = TypeAdapter(tuple[str, ...])
_MAX_EPOCH_DIGITS = 18
_UUID_LENGTH = 36

Headers = Iterable[tuple[str, bytes | None]]


def to_headers(recorded: Recorded) -> list[tuple[str, bytes]]:
    """The Kafka headers of an event; an attribute that has no value (no case, no claims) is left out.

    `traceparent` joins the correlation id (as trace) and the event id (as span), so traces need no store of their own.
    """
    event, trace = recorded.event, recorded.correlation or recorded.cause
    attributes = {
        "ce_specversion": SPECVERSION,
        "ce_id": str(recorded.event_id),
        "ce_source": recorded.source,
        "ce_type": event.wire,
        "ce_subject": str(event.case) if event.case else None,
        "ce_sequence": f"{recorded.version:010d}",
        "ce_time": _timestamp(event.occurred_at),
        "ce_recordedtime": _timestamp(recorded.recorded_at),
        "ce_provider": recorded.provider,
        "ce_site": recorded.site,
        "ce_correlationid": str(recorded.correlation) if recorded.correlation else None,
        "ce_causationid": str(recorded.cause),
        "ce_epoch": str(recorded.epoch),
        "ce_commit": recorded.commit,
        "ce_claims": _CLAIMS.dump_json(recorded.claims).decode() if recorded.claims else None,
        "traceparent": f"00-{trace.hex}-{recorded.event_id.hex[:16]}-01",
        "content-type": CONTENT_TYPE,
    }
    return [(name, value.encode()) for name, value in attributes.items() if value is not None]


def to_value(recorded: Recorded) -> bytes:
    """The event's own fields as JSON; what the envelope holds is in the headers."""
    return recorded.event.model_dump_json(exclude=_ENVELOPE).encode()


def from_record(key: bytes | None, value: bytes | None, headers: Headers) -> Recorded:
    """Rebuild an event from a Kafka record, or from a push, which has no key (`None`).

    Total: raises `UnknownType` for a well-formed type this version does not know, `Unreadable` for every other fault,
    with a reason that names headers and fields and repeats no value.
    """
    found = _headers(headers)
    wire = _wire(found)
    recorded = _recorded(wire, found, _data(value))
    if key is not None and key != recorded.key.encode():
        raise Unreadable("key: is not the case, nor the stream's own id")
    return recorded


def wire_of(headers: Headers) -> str | None:
    """The newest name of the type a record says it is of; None when it does not say so in one way. Never raises."""
    said = [value for name, value in headers if name == "ce_type"]
    if len(said) != 1 or said[0] is None:
        return None
    return newest(said[0].decode("ascii", "replace"))


def _headers(headers: Headers) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        if name not in _READ:
            continue
        if name in found:
            raise Unreadable(f"{name}: repeated")
        if value is None:
            raise Unreadable(f"{name}: null")
        try:
            found[name] = value.decode()
        except UnicodeDecodeError:
            raise Unreadable(f"{name}: not UTF-8") from None
    return found


def _wire(found: Mapping[str, str]) -> str:
    if found.get("ce_specversion") != SPECVERSION:
        raise Unreadable("ce_specversion: missing or not 1.0")
    wire = found.get("ce_type", "")
    if not WIRE.match(wire) or wire.split(".", 1)[0] not in SERVICES:
        raise Unreadable("ce_type: missing or not the name of an event")
    known(wire)
    for name in REQUIRED:
        if name not in found:
            raise Unreadable(f"{name}: missing")
    if not found.get("content-type", CONTENT_TYPE).startswith(CONTENT_TYPE):
        raise Unreadable("content-type: not application/json")
    return wire


def _data(value: bytes | None) -> dict[str, Any]:
    if value is None:
        raise Unreadable("value: null")
    try:
        return _DATA.validate_json(value)
    except ValidationError:
        raise Unreadable("value: not a JSON object") from None


def _recorded(wire: str, found: Mapping[str, str], data: Mapping[str, Any]) -> Recorded:
    service, stream = _source(found["ce_source"], wire)
    case = _uuid("ce_subject", found["ce_subject"]) if "ce_subject" in found else None
    correlation = _uuid("ce_correlationid", found["ce_correlationid"]) if "ce_correlationid" in found else None
    return Recorded(
        event=decode(wire, data, case=case, occurred_at=_moment("ce_time", found["ce_time"])),
        event_id=_uuid("ce_id", found["ce_id"]),
        service=service,
        stream=stream,
        version=_version(found["ce_sequence"]),
        recorded_at=_moment("ce_recordedtime", found["ce_recordedtime"]),
        provider=_code("ce_provider", found["ce_provider"]),
        site=_code("ce_site", found["ce_site"]),
        cause=_uuid("ce_causationid", found["ce_causationid"]),
        epoch=_number("ce_epoch", found["ce_epoch"], _MAX_EPOCH_DIGITS),
        commit=_commit(found["ce_commit"], stream),
        correlation=correlation,
        claims=_claims(found["ce_claims"]) if "ce_claims" in found else (),
    )


def _source(text: str, wire: str) -> tuple[str, str]:
    service, _, stream = text[1:].partition("/")
    if text[:1] != "/" or service != wire.split(".", 1)[0] or not STREAM.match(stream):
        raise Unreadable("ce_source: not /<service>/<kind>/<id> of the service that owns the type")
    return service, stream


def _commit(text: str, stream: str) -> str:
    head, _, first = text.rpartition("/")
    if head != stream or len(first) != 10 or not (first.isascii() and first.isdigit()):
        raise Unreadable("ce_commit: not a commit of the event's stream")
    return text


def _uuid(name: str, text: str) -> UUID:
    try:
        if len(text) == _UUID_LENGTH:
            return UUID(text)
    except ValueError:
        pass
    raise Unreadable(f"{name}: not a UUID")


def _moment(name: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return whole_milliseconds(moment)
    except ValueError:
        pass
    raise Unreadable(f"{name}: not a time with its offset")


def _number(name: str, text: str, digits: int) -> int:
    if text.isascii() and text.isdigit() and len(text) <= digits:
        return int(text)
    raise Unreadable(f"{name}: not a number")


def _version(text: str) -> int:
    version = _number("ce_sequence", text, 10)
    if version < 1 or len(text) != 10:
        raise Unreadable("ce_sequence: not ten digits above zero")
    return version


def _code(name: str, text: str) -> str:
    if not CODE.match(text):
        raise Unreadable(f"{name}: not a code")
    return text


def _claims(text: str) -> tuple[str, ...]:
    try:
        return _CLAIMS.validate_json(text)
    except (ValidationError, ValueError):
        raise Unreadable("ce_claims: not a JSON list of strings") from None


def _timestamp(moment: datetime) -> str:
    return whole_milliseconds(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")
