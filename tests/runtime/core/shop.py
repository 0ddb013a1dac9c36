"""A small made-up core for testing the plumbing: a volunteer with places to hold, and cases that open once."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from shared.events.event import Event
from shared.events.ids import BESIDE
from shared.events.refusal import Rejected
from shared.events.support import CaseOpened, MatchRefused, PlaceHeld, PlaceReleased, VolunteerChanged
from shared.runtime.decider import Decider
from shared.runtime.submission import Scope, Submission

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
HOLD = timedelta(minutes=10)
SCOPE = Scope("nct", "halton")


def named(name: str) -> UUID:
    """The same id for the same name, in every run."""
    return uuid5(BESIDE, f"test/{name}")


@dataclass(frozen=True, slots=True)
class Register:
    """A volunteer takes up to `cap` places."""

    volunteer: UUID
    cap: int = 3

    @property
    def stream(self) -> str:
        return f"volunteer/{self.volunteer}"


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep a place for a case."""

    volunteer: UUID
    case: UUID

    @property
    def stream(self) -> str:
        return f"volunteer/{self.volunteer}"


@dataclass(frozen=True, slots=True)
class Noticed:
    """Somebody looked; nothing follows, or the core breaks."""

    volunteer: UUID
    breaks: bool = False

    @property
    def stream(self) -> str:
        return f"volunteer/{self.volunteer}"


@dataclass(frozen=True, slots=True)
class DeadlinePassed:
    """A held place may have fallen due."""

    stream: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class OpenCase:
    """Open a case; a second time is refused."""

    case: UUID
    offer: str = "one-to-one"

    @property
    def stream(self) -> str:
        return f"case/{self.case}"


VolunteerInput = Register | Hold | Noticed | DeadlinePassed


@dataclass(frozen=True, slots=True)
class Volunteer:
    """What a hold is decided on."""

    cap: int = 0
    held: dict[UUID, datetime] = field(default_factory=dict)
    me: UUID | None = None


def decide(asked: VolunteerInput, state: Volunteer, /, *, now: datetime) -> list[Event]:
    """Register, hold up to the cap, release what is over."""
    match asked:
        case Register(volunteer=who, cap=cap):
            if state.cap:
                raise Rejected("volunteer.registered_already")
            return [VolunteerChanged(occurred_at=now, status="ready", cap=cap, gates=(f"id:{who}",))]
        case Hold(volunteer=who, case=case):
            if case in state.held:
                raise Rejected("volunteer.held_already")
            if len(state.held) >= state.cap:
                raise Rejected("volunteer.full")
            return [PlaceHeld(case=case, occurred_at=now, volunteer=who, until=now + HOLD)]
        case DeadlinePassed():
            over = [case for case, until in state.held.items() if until <= now]
            who = state.me or named("nobody")
            return [PlaceReleased(case=case, occurred_at=now, volunteer=who, reason="expired") for case in over]
        case Noticed(breaks=breaks):
            return [] if not breaks else _break()


def _break() -> list[Event]:
    raise ZeroDivisionError("a bug in the core")


def evolve(state: Volunteer, event: Event) -> Volunteer:
    """Remember the cap and who holds places."""
    match event:
        case VolunteerChanged(cap=cap):
            return replace(state, cap=cap)
        case PlaceHeld(case=UUID() as case, until=until, volunteer=me):
            return replace(state, held={**state.held, case: until}, me=me)
        case PlaceReleased(case=case):
            return replace(state, held={kept: until for kept, until in state.held.items() if kept != case})
        case _:
            pass
    return state


def due(state: Volunteer) -> datetime | None:
    """When the first held place falls free."""
    return min(state.held.values(), default=None)


def decide_case(asked: OpenCase, state: int, /, *, now: datetime) -> list[Event]:
    """Open once."""
    if state:
        raise Rejected("case.open_already")
    if asked.offer == "none":
        return [MatchRefused(case=asked.case, occurred_at=now, volunteer=asked.case, reason="no_offer")]
    return [CaseOpened(case=asked.case, occurred_at=now, offer=asked.offer)]


VOLUNTEERS: Decider[VolunteerInput, Volunteer] = Decider(
    kind="volunteer", initial=Volunteer(), decide=decide, evolve=evolve, due=due, wake=DeadlinePassed
)
CASES: Decider[OpenCase, int] = Decider(
    kind="case", initial=0, decide=decide_case, evolve=lambda state, event: state + 1
)
DECIDERS = (VOLUNTEERS, CASES)


def register(volunteer: str, cap: int = 3, *, cause: str | None = None) -> Submission:
    """A volunteer signs up."""
    asked = Register(named(volunteer), cap)
    return Submission(asked, named(cause or f"register {volunteer}"), SCOPE, creates=True)


def hold(volunteer: str, case: str, *, cause: str | None = None) -> Submission:
    """A place is asked for."""
    return Submission(Hold(named(volunteer), named(case)), named(cause or f"hold {volunteer} {case}"), SCOPE)


def open_case(
    case: str,
    *,
    cause: str | None = None,
    claims: tuple[str, ...] = (),
    digest: str | None = None,
    offer: str = "group",
) -> Submission:
    """A case is opened, perhaps under a claim."""
    asked = OpenCase(named(case), offer)
    return Submission(asked, named(cause or f"open {case}"), SCOPE, claims=claims, digest=digest, creates=True)
