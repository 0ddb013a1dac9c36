"""What safeguarding says: a concern was raised, answered, escalated and closed."""

from typing import ClassVar
from uuid import UUID

from shared.events.codes import About, Code, Count, Level
from shared.events.erasure import DataErased, ErasureWithheld
from shared.events.event import Event
from shared.events.moment import Moment


class SafeguardingRaised(Event):
    """A concern is open; it answers every `worry_flagged`."""

    wire: ClassVar[str] = "safeguarding.raised.v1"

    signal_id: UUID
    level: Level
    routes: tuple[Code, ...] = ()
    about: About = "unknown"
    code: Code = "unspecified"
    device: UUID | None = None


class LevelRaised(Event):
    """The same worry came again, more urgent than before; nothing but a person lowers it (SAFETY S5)."""

    wire: ClassVar[str] = "safeguarding.level_raised.v1"

    level: Level


class AnswerExpected(Event):
    """Nobody is paged yet: the concern is on the list and pages at this hour if nobody has taken it."""

    wire: ClassVar[str] = "safeguarding.answer_expected.v1"

    answer_by: Moment


class PageRequested(Event):
    """The ladder asks for one page to one role; sending it is the notifier's work."""

    wire: ClassVar[str] = "safeguarding.page_requested.v1"

    ladder_level: Count
    role: Code
    reason: Code
    answer_by: Moment


class PageSent(Event):
    """One channel handed the page over, or failed to."""

    wire: ClassVar[str] = "safeguarding.page_sent.v1"

    ladder_level: Count
    role: Code
    channel: Code
    delivered: bool


class SafeguardingAcknowledged(Event):
    """A named person took the concern, and said what comes next and by when."""

    wire: ClassVar[str] = "safeguarding.acknowledged.v1"

    by_role: Code
    next_step: Code
    next_at: Moment


class SafeguardingEscalated(Event):
    """Nobody answered in time; `level` is the rung of the ladder now asked, counted from 1."""

    wire: ClassVar[str] = "safeguarding.escalated.v1"

    level: Count


class SafeguardingClosed(Event):
    """The concern is closed with a recorded action."""

    wire: ClassVar[str] = "safeguarding.closed.v1"

    reason: Code
    actions: tuple[Code, ...] = ()


class SafeguardingDataErased(DataErased):
    """Safeguarding no longer holds anything of hers."""

    wire: ClassVar[str] = "safeguarding.data_erased.v1"


class SafeguardingErasureWithheld(ErasureWithheld):
    """Safeguarding keeps her record for a named reason."""

    wire: ClassVar[str] = "safeguarding.erasure_withheld.v1"
