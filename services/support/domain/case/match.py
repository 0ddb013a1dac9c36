"""How a kept place becomes a match or does not; each place gets exactly one verdict, and only here."""

from datetime import datetime

from services.support.domain.case.commands import HearPlaceHeld, HearPlaceLapsed, MakeMatch
from services.support.domain.case.state import Case, Ended, Matched, Open, Unopened
from shared.events.event import Event
from shared.events.refusal import Rejected
from shared.events.support import MatchMade, MatchRefused, PlaceHeard


def hear_held(asked: HearPlaceHeld, state: Case, now: datetime) -> list[Event]:
    """A place kept for a case that cannot use it is given back at once; before the case opens it is kept."""
    why_not = _cannot_use(state)
    if why_not:
        return [MatchRefused(case=asked.case, occurred_at=now, volunteer=asked.volunteer, reason=why_not)]
    return [PlaceHeard(case=asked.case, occurred_at=now, volunteer=asked.volunteer, until=asked.until)]


def hear_lapsed(asked: HearPlaceLapsed, state: Case, now: datetime) -> list[Event]:
    """A place whose time is over is refused, unless it became a match in time or was settled before."""
    if asked.volunteer not in state.known.places:
        return []
    return [MatchRefused(case=asked.case, occurred_at=now, volunteer=asked.volunteer, reason=asked.reason)]


def make_match(asked: MakeMatch, state: Case, now: datetime) -> list[Event]:
    """The match, if nothing speaks against it; a place kept by another volunteer for her is given back."""
    ready = _matchable(state)
    if asked.held_back:
        raise Rejected("support.held_by_safeguarding", "Safeguarding holds this case, or did not answer.")
    if ready.text_unread:
        raise Rejected("support.text_unread", "Nobody has read the words that came with the referral.")
    if ready.known.refuses_match:
        raise Rejected("support.no_consent", "She does not want to be introduced to a volunteer.")
    until = ready.known.places.get(asked.volunteer)
    if until is None:
        raise Rejected("support.no_place_held", "No place of this volunteer is kept for this case.")
    if until <= now:
        raise Rejected("support.place_expired", "The place was kept until its time was over.")
    offer = asked.offer or ready.opened.offer
    if offer is None:
        raise Rejected("support.offer_missing", "Name the offer: the decision named none.")
    others = [volunteer for volunteer in ready.known.places if volunteer != asked.volunteer]
    made = MatchMade(case=asked.case, occurred_at=now, volunteer=asked.volunteer, offer=offer)
    return [
        made,
        *(MatchRefused(case=asked.case, occurred_at=now, volunteer=one, reason="already_matched") for one in others),
    ]


def _cannot_use(state: Case) -> str | None:
    if isinstance(state, Ended):
        return "support_ended"
    if isinstance(state, Matched):
        return "already_matched"
    if state.known.withdrawn:
        return "referral_withdrawn"
    return "no_consent" if state.known.refuses_match else None


def _matchable(state: Case) -> Open:
    match state:
        case Open() if not state.known.withdrawn:
            return state
        case Unopened():
            raise Rejected("support.case_not_open", "Nobody has accepted this case for peer support.")
        case Matched():
            raise Rejected("support.already_matched", "She has a volunteer.")
        case Ended():
            raise Rejected("support.already_ended", "Her support ended.")
        case Open():
            raise Rejected("support.referral_withdrawn", "The referral was taken back.")
