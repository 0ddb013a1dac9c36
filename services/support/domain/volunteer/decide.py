"""A volunteer's standing and places, in one match. A place once held counts until the case's stream settled it."""

from datetime import datetime
from typing import Literal, assert_never
from uuid import UUID

from services.support.domain.policy import Places
from services.support.domain.volunteer.commands import (
    DeadlinePassed,
    HoldPlace,
    PauseVolunteer,
    RegisterVolunteer,
    ReleasePlace,
    ResumeVolunteer,
    TakePlace,
    VolunteerInput,
)
from services.support.domain.volunteer.state import Away, Ready, Unregistered, Volunteer
from shared.events.event import Event
from shared.events.refusal import NotFound, Rejected
from shared.events.support import PlaceHeld, PlaceLapsed, PlaceReleased, PlaceTaken, VolunteerChanged


def decide(asked: VolunteerInput, state: Volunteer, /, *, now: datetime, rules: Places) -> list[Event]:
    """What follows from `asked` on the volunteer's stream."""
    match asked:
        case RegisterVolunteer():
            return _register(asked, state, now, rules)
        case PauseVolunteer() | ResumeVolunteer():
            return _stand(asked, _registered(state), now)
        case HoldPlace():
            return _hold(asked, _registered(state), now, rules)
        case TakePlace() | ReleasePlace():
            return _settle(asked, state, now)
        case DeadlinePassed():
            return _lapse(asked, state, now)
        case _ as missed:
            assert_never(missed)


def _registered(state: Volunteer) -> Ready | Away:
    if isinstance(state, Unregistered):
        raise NotFound("support.unknown_volunteer", "No volunteer with this id is registered.")
    return state


def _register(asked: RegisterVolunteer, state: Volunteer, now: datetime, rules: Places) -> list[Event]:
    if not isinstance(state, Unregistered):
        raise Rejected("support.already_registered", "This volunteer is registered.")
    lacking = [gate for gate in rules.gates if gate not in asked.gates]
    if lacking:
        raise Rejected("support.gates_missing", f"Still needed: {', '.join(lacking)}.")
    if not set(asked.gates) <= set(rules.gates):
        raise Rejected("support.unknown_gate", "A gate is not one of the list.")
    cap = rules.cap.usual if asked.cap is None else asked.cap
    if not 1 <= cap <= rules.cap.most:
        raise Rejected("support.cap_out_of_range", f"A cap is 1 to {rules.cap.most}.")
    return [VolunteerChanged(occurred_at=now, status="ready", gates=asked.gates, cap=cap, can_give=asked.can_give)]


def _stand(asked: PauseVolunteer | ResumeVolunteer, state: Ready | Away, now: datetime) -> list[Event]:
    status: Literal["paused", "ready"] = "paused" if isinstance(asked, PauseVolunteer) else "ready"
    if state.changed.status == status:
        return []
    if state.changed.status in ("suspended", "left"):
        raise Rejected("support.volunteer_away", "Her standing is not hers to change now.")
    changed: list[Event] = [state.changed.model_copy(update={"status": status, "occurred_at": now})]
    if status == "ready":
        return changed
    kept = [place for place in state.places.values() if place.until is not None]
    return changed + [
        PlaceLapsed(case=place.case, occurred_at=now, volunteer=_id(asked.stream), reason="volunteer_paused")
        for place in kept
    ]


def _hold(asked: HoldPlace, state: Ready | Away, now: datetime, rules: Places) -> list[Event]:
    if isinstance(state, Away):
        raise Rejected("support.volunteer_away", "She takes nobody new at the moment.")
    if asked.case in state.places:
        raise Rejected("support.already_held", "One of her places is kept for this case already.")
    if len(state.places) >= state.changed.cap:
        raise Rejected("support.volunteer_full", "She has no place free.")
    return [PlaceHeld(case=asked.case, occurred_at=now, volunteer=asked.volunteer, until=now + rules.hold)]


def _settle(asked: TakePlace | ReleasePlace, state: Volunteer, now: datetime) -> list[Event]:
    place = None if isinstance(state, Unregistered) else state.places.get(asked.case)
    if place is None:
        return []
    if isinstance(asked, ReleasePlace):
        return [PlaceReleased(case=asked.case, occurred_at=now, volunteer=asked.volunteer, reason=asked.reason)]
    return [] if place.taken else [PlaceTaken(case=asked.case, occurred_at=now, volunteer=asked.volunteer)]


def _lapse(asked: DeadlinePassed, state: Volunteer, now: datetime) -> list[Event]:
    if isinstance(state, Unregistered):
        return []
    at = max(now, asked.due_at)  # a fired timer is due, whatever this machine's clock says
    return [
        PlaceLapsed(case=place.case, occurred_at=at, volunteer=_id(asked.stream), reason="expired")
        for place in state.places.values()
        if place.until is not None and place.until <= at
    ]


def _id(stream: str) -> UUID:
    return UUID(stream.split("/", 1)[1])
