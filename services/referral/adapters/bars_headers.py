"""The standard's headers: who sends, under which ids, in which version."""

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from services.referral.adapters.bars_faults import FHIR_JSON, BarsRefused, media_type, require
from shared.events.ids import command_cause

JSON_TYPES = frozenset({FHIR_JSON, "application/json"})
ACCEPTED = JSON_TYPES | {"*/*", "application/*"}
ODS_CODE = re.compile(r"[A-Z0-9]{3,12}")
"""Source: NHS Data Dictionary, shapes of organisation codes; whether it exists and may write to us is another check."""
UUID_SHAPE = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
UNKNOWN = "unknown"
FIRST_VERSION = "1.0.0"


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose message this is; the request id is unique by itself, whatever the correlation id says."""

    organisation: str
    request_id: UUID
    correlation_id: UUID

    @property
    def cause(self) -> UUID:
        """The cause of whatever the message leads to."""
        return command_cause(self.organisation, "bars", str(self.request_id))

    @property
    def claim(self) -> str:
        """Taken once: whoever comes second with it repeats the first."""
        return f"request/{self.organisation}/{self.request_id}"


def organisation_of(headers: Mapping[str, str]) -> str:
    """The sender's organisation code, "unknown" without the header. Raises `BarsRefused` when it cannot be read."""
    said = headers.get("nhsd-end-user-organisation")
    if not said:
        return UNKNOWN
    try:
        organisation = orjson.loads(b64decode(said, validate=True))
    except (ValueError, binascii.Error):
        raise BarsRefused("bars.organisation_invalid") from None
    found = next(iter(ods_codes_of(organisation)), None)
    require(found, "bars.organisation_invalid")
    return str(found)


def ods_codes_of(organisation: Any) -> list[str]:
    """The organisation codes in a FHIR Organization, or in an identifier alone; empty for anything else."""
    return [code for one in _identifiers(organisation) if (code := _ods_code(one))]


def _identifiers(organisation: Any) -> list[Any]:
    """The standard encodes a whole Organization; some senders encode only its identifier."""
    if not isinstance(organisation, dict):
        return []
    found = organisation.get("identifier", organisation)
    return found if isinstance(found, list) else [found]


def _ods_code(identifier: Any) -> str | None:
    value = identifier.get("value") if isinstance(identifier, dict) else None
    code = value.strip().upper() if isinstance(value, str) else ""
    return code if ODS_CODE.fullmatch(code) else None


def ids_of(headers: Mapping[str, str]) -> tuple[UUID, UUID]:
    """Request id and correlation id. Raises `BarsRefused`."""
    return _uuid(headers, "request_id"), _uuid(headers, "correlation_id")


def _uuid(headers: Mapping[str, str], name: str) -> UUID:
    said = headers.get(f"x-{name.replace('_', '-')}", "").strip()
    require(said, f"bars.{name}_missing")
    require(UUID_SHAPE.fullmatch(said), f"bars.{name}_invalid")
    return UUID(said)


def check_media(headers: Mapping[str, str], versions: tuple[str, ...]) -> None:
    """Raises `BarsRefused` for a body or an answer in another format or version of the standard."""
    content, version = _media(headers.get("content-type", ""))
    require(content in JSON_TYPES, "bars.media_type")
    require(version in versions, "bars.core_version")
    check_accepted(headers, versions)


def check_accepted(headers: Mapping[str, str], versions: tuple[str, ...]) -> None:
    """Raises `BarsRefused` where no answer of ours would be read."""
    wanted = [_media(one) for one in headers.get("accept", "*/*").split(",")]
    readable = [version for content, version in wanted if content in ACCEPTED]
    require(readable, "bars.not_acceptable")
    require(set(readable) & set(versions), "bars.core_version")


def answer_type(headers: Mapping[str, str], versions: tuple[str, ...]) -> str:
    """The content type of an answer, in the highest version among those the sender accepts and we speak."""
    wanted = {_media(one)[1] for one in headers.get("accept", "").split(",")}
    return media_type(max((one for one in versions if one in wanted), key=_number, default=versions[-1]))


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _media(said: str) -> tuple[str, str]:
    content, *parameters = (part.strip() for part in said.split(";"))
    versions = [one.partition("=")[2].strip(' "') for one in parameters if one.lower().startswith("version=")]
    return content.lower(), versions[0] if versions else FIRST_VERSION
