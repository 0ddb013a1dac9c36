"""What the list of kept messages reads: one document per message, folded from referral's own events, without words."""

from collections.abc import Sequence
from typing import Any

from shared.events.recorded import Recorded
from shared.events.referral import MessageKept, MessageRead

MESSAGES = "messages_v1"
View = dict[str, Any]
KIND = "message/"


def message_keys(recorded: Recorded) -> Sequence[str]:
    """A message's own stream changes its document."""
    return [recorded.stream.removeprefix(KIND)] if recorded.stream.startswith(KIND) else []


def project_message(view: View | None, recorded: Recorded) -> View:
    """The document after `recorded`."""
    return {**(view or {}), **_change(recorded), "version": recorded.version}


def _change(recorded: Recorded) -> View:
    match recorded.event:
        case MessageKept() as kept:
            return {
                "provider": recorded.provider,
                "site": recorded.site,
                "organisation": kept.organisation,
                "case": str(kept.case) if kept.case else None,
                "received_at": kept.occurred_at,
                "read_by": None,
            }
        case MessageRead(by=by):
            return {"read_by": by}
        case _:
            return {}
