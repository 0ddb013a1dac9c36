"""What outcomes hears: everything every service states, folded into journeys."""

from services.outcomes.domain.journey import NAME
from shared.events.recorded import Recorded
from shared.runtime.record import Handle
from shared.runtime.views import Views

GROUP = "outcomes"
TOPICS = ("referral.events", "triage.events", "support.events", "safeguarding.events", "outcomes.events")


class NotFolded(Exception):
    """A fact could not be put into its journey; it waits for a person."""


def journeys_handler(views: Views) -> Handle:
    """Folds events into journeys; the same event again changes nothing."""

    async def handle(events: list[Recorded]) -> list[Exception | None]:
        broken = {event.event_id for event in await views.fold(events, only=[NAME])}
        return [NotFolded() if event.event_id in broken else None for event in events]

    return handle
