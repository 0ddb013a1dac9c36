"""Names that are computed, never drawn: the same cause always gives the same id, so repeats are recognised."""

from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

BESIDE = uuid5(NAMESPACE_URL, "urn:beside")


def uuid_in(value: Any) -> UUID | None:
    """The id that something sent is, or None: whatever it is, it never raises."""
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def event_id(epoch: int, service: str, stream: str, version: int) -> UUID:
    """The id of the event at `version` of a service's `stream`; a restored database starts a new epoch.

    The service is part of it: two services have a stream `case/<id>` each, and what follows from their events is told
    apart by these ids alone.
    """
    return uuid5(BESIDE, f"event/{epoch}/{service}/{stream}/{version}")


def reaction_cause(cause: UUID, stream: str, input_name: str, index: int) -> UUID:
    """The cause of an input that follows from event `cause`; `index` tells inputs of one reaction apart."""
    return uuid5(BESIDE, f"reaction/{cause}/{stream}/{input_name}/{index}")


def command_cause(client: str, operation: str, key: str) -> UUID:
    """The cause of a command a caller sent under an idempotency key."""
    return uuid5(BESIDE, f"command/{client}/{operation}/{key}")


def deadline_cause(stream: str, version: int, due_at_ms: int) -> UUID:
    """The cause of a deadline's passing: one per stream, version and due time."""
    return uuid5(BESIDE, f"deadline/{stream}/{version}/{due_at_ms}")


def signal_id_from_message(organisation: str, message: str, code: str) -> UUID:
    """The id of a worry found in a message: the same message sent again names the same worry (docs/decisions/0004)."""
    return uuid5(BESIDE, f"signal/{organisation}/{message}/{code}")


def concern_id(signal_id: UUID) -> UUID:
    """The id of the concern a signal opens; both paths of a signal reach the same one."""
    return uuid5(BESIDE, f"concern/{signal_id}")


def caller_chosen(name: str) -> UUID:
    """A name that a caller chose (a key, a message's own id) as it may travel: written out it could be a person's."""
    return uuid5(BESIDE, f"chosen/{name}")


def message_id(organisation: str, request: str) -> UUID:
    """The id of a message that is kept for a reader: sent again, it is the same message."""
    return uuid5(BESIDE, f"message/{organisation}/{request}")


def refusal_id(organisation: str, message: str) -> UUID:
    """The id of a refused message: sent again, it is the same refusal and raises nothing new (SAFETY S27)."""
    return uuid5(BESIDE, f"refusal/{organisation}/{message}")
