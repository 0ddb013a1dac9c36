"""What follows in another stream: a kept place is told to its case, the case's verdict to the volunteer."""

from services.support.domain.case.commands import CaseInput, HearPlaceHeld, HearPlaceLapsed
from services.support.domain.volunteer.commands import ReleasePlace, TakePlace, VolunteerInput
from shared.events.recorded import Recorded
from shared.events.support import MatchEnded, MatchMade, MatchRefused, PlaceHeld, PlaceLapsed


def react(recorded: Recorded) -> list[CaseInput | VolunteerInput]:
    """Inputs that `recorded` leads to; targets come from the event alone (docs/design.md, One input, one stream)."""
    event = recorded.event
    if event.case is None:
        return []
    match event:
        case PlaceHeld(volunteer=volunteer, until=until):
            return [HearPlaceHeld(event.case, volunteer, until)]
        case PlaceLapsed(volunteer=volunteer, reason=reason):
            return [HearPlaceLapsed(event.case, volunteer, reason)]
        case MatchMade(volunteer=volunteer):
            return [TakePlace(volunteer, event.case)]
        case MatchRefused(volunteer=volunteer, reason=reason) | MatchEnded(volunteer=volunteer, reason=reason):
            return [ReleasePlace(volunteer, event.case, reason)]
        case _:
            return []
