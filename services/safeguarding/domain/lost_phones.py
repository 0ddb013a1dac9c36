"""Which remembered phones were forgotten, and when: a worry from one is a worry, and is shown as such (hazard S30)."""

from typing import Any

from shared.events.recorded import Recorded
from shared.events.support import PhoneForgotten

NAME = "lost_phones_v1"


def keys(recorded: Recorded) -> list[str]:
    """The phone that an event forgets, if it does."""
    return [str(recorded.event.device)] if isinstance(recorded.event, PhoneForgotten) else []


def project(view: dict[str, Any] | None, recorded: Recorded) -> dict[str, Any]:
    """The first report stands."""
    return view or {"lost_at": recorded.event.occurred_at}
