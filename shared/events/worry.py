"""The urgent fact three services may state: someone is worried about a person's safety."""

from uuid import UUID

from shared.events.codes import About, Code, Level
from shared.events.event import Event
from shared.events.moment import Moment


class WorryFlagged(Event):
    """A worry about safety; pushed and relayed, because it may not wait for either path (docs/decisions/0004)."""

    signal_id: UUID
    about: About
    code: Code
    level: Level
    observed_at: Moment
