"""What safeguarding hears on Kafka: signals, in a group of their own; in an ordinary one where cases belong, whose
contact cards are needed, and which phones were lost."""

from services.safeguarding.adapters.cards import Cards
from services.safeguarding.adapters.signals import from_record_bytes, from_recorded
from services.safeguarding.domain.cases import NAME as CASES
from services.safeguarding.domain.lost_phones import NAME as LOST_PHONES
from shared.events.recorded import Recorded
from shared.events.referral import ReferralReceived, ReferralWithdrawn
from shared.events.support import PhoneForgotten, SupportEnded
from shared.events.triage import TriageCompleted
from shared.programmes.model import Sites
from shared.runtime.clock import Clock
from shared.runtime.errors import Failure
from shared.runtime.executor import Executor
from shared.runtime.record import Handle, OnUnreadable, Record
from shared.runtime.views import Views

SIGNALS_GROUP, SIGNALS_TOPICS = "safeguarding-signals", ("safeguarding.signals",)
GROUP, TOPICS = "safeguarding", ("referral.events", "triage.events", "support.events")
ACCEPTED = frozenset({"accepted", "joint_plan", "project_manager_only"})
NOTED = (ReferralReceived, PhoneForgotten)
HEARD = frozenset(event.wire for event in (*NOTED, ReferralWithdrawn, TriageCompleted, SupportEnded))


class NoWorry(Exception):
    """An event on the signals' topic that is not a worry; it is paged like one that cannot be read."""


def signals_handler(executor: Executor) -> Handle:
    """Raises the concern of each signal; the other path of the same signal changes nothing."""

    async def handle(events: list[Recorded]) -> list[Exception | None]:
        asked = [from_recorded(event) for event in events]
        outcomes = iter(await executor.submit_all([one for one in asked if one is not None]))
        answers = [NoWorry() if one is None else next(outcomes) for one in asked]
        return [answer if isinstance(answer, Exception) else None for answer in answers]

    return handle


def unreadable_handler(executor: Executor, sites: Sites, clock: Clock) -> OnUnreadable:
    """Raises a concern about a record nobody can read or act on, once however often it comes (S3)."""

    async def tell(record: Record) -> None:
        submission = from_record_bytes(record.headers, record.value, sites, now=clock.now())
        (answer,) = await executor.submit_all([submission])
        if isinstance(answer, Failure):
            raise answer

    return tell


def ordinary_handler(views: Views, cards: Cards) -> Handle:
    """Notes where cases belong, which phones were lost, and whose contact cards are needed or needed no more (S21)."""
    note = noting_handler(views)

    async def handle(events: list[Recorded]) -> list[Exception | None]:
        for event in events:
            await _about_cards(event, cards)
        answers = iter(await note([event for event in events if isinstance(event.event, NOTED)]))
        return [next(answers) if isinstance(event.event, NOTED) else None for event in events]

    return handle


async def _about_cards(event: Recorded, cards: Cards) -> None:
    match event.event:
        case TriageCompleted() if event.event.outcome in ACCEPTED:
            await cards.accepted(event)
        case TriageCompleted() | ReferralWithdrawn() | SupportEnded():
            await cards.ended(event)
        case _:
            pass


def noting_handler(views: Views) -> Handle:
    """Folds what is looked up later: where cases belong, which phones were lost."""

    async def handle(events: list[Recorded]) -> list[Exception | None]:
        broken = {event.event_id for event in await views.fold(events, only=[CASES, LOST_PHONES])}
        return [ValueError("projection failed") if event.event_id in broken else None for event in events]

    return handle
