"""What is asked about: in each tenancy, and in the states that matter. Places and ids only; `seeding.py` makes them."""

from dataclasses import dataclass, replace
from uuid import UUID, uuid5

from shared.access.caller import volunteer_of
from shared.events.ids import BESIDE, concern_id

HERE, ELSEWHERE, OTHERS = ("nct", "halton"), ("nct", "newham"), ("second-charity", "halton")
"""Of whoever asks; another site of her provider; another provider that works in the same place."""
ANNA, BEA, NORA, DORA = (volunteer_of(name) for name in ("anna", "bea", "nora", "dora"))


def named(name: str) -> UUID:
    """The id of a thing of this name."""
    return uuid5(BESIDE, f"matrix/{name}")


@dataclass(frozen=True)
class Thing:
    """One object and where it belongs; None where it belongs to nobody of that kind."""

    id: str
    provider: str
    site: str
    volunteer: str | None = None
    organisation: str | None = None
    person: str | None = None


@dataclass(frozen=True)
class Things:
    """`family`: the ids that could show in a list of these; `unknown`: an id of the same kind that names nothing."""

    all: tuple[Thing, ...]
    family: frozenset[str]
    unknown: str = str(named("nobody"))

    def without(self, *ids: UUID) -> "Things":
        """Those of other ids; the family stays."""
        return replace(self, all=tuple(one for one in self.all if one.id not in map(str, ids)))

    def only(self, *ids: UUID) -> "Things":
        """Those of these ids; the family stays."""
        return replace(self, all=tuple(one for one in self.all if one.id in map(str, ids)))


def things(*members: Thing, unknown: str = str(named("nobody"))) -> Things:
    """A family and all of its members."""
    return Things(members, frozenset(one.id for one in members), unknown)


NHS_NUMBER = "9990000018"
"""All those referrals are about people of this number."""
SENT_HERE, SENT_BY_OTHERS, SENT_ELSEWHERE, SENT_TO_OTHERS = (named(f"sent/{n}") for n in range(4))
MATCHED = SENT_HERE
"""The case of which support's token says that the volunteer is matched with it."""
SENT = things(
    Thing(str(SENT_HERE), *HERE, organisation="RXX"),
    Thing(str(SENT_BY_OTHERS), *HERE, organisation="ZZX"),
    Thing(str(SENT_ELSEWHERE), *ELSEWHERE, organisation="RXX"),
    Thing(str(SENT_TO_OTHERS), *OTHERS, organisation="ZZX"),
)
MESSAGES = things(
    *(Thing(str(named(f"message/{n}")), *where) for n, where in enumerate((HERE, ELSEWHERE, OTHERS))),
)
AWAITING, DECIDED, AWAITING_ELSEWHERE, AWAITING_OTHERS = (named(f"triage/{n}") for n in range(4))
TRIAGE = things(
    Thing(str(AWAITING), *HERE),
    Thing(str(DECIDED), *HERE),
    Thing(str(AWAITING_ELSEWHERE), *ELSEWHERE),
    Thing(str(AWAITING_OTHERS), *OTHERS),
)
WAITING, WITH_ANNA, WITH_BEA, ENDED, WITH_NORA, WITH_DORA = (named(f"support/{n}") for n in range(6))
SUPPORT = things(
    Thing(str(WAITING), *HERE),
    Thing(str(WITH_ANNA), *HERE, volunteer=str(ANNA)),
    Thing(str(WITH_BEA), *HERE, volunteer=str(BEA)),
    Thing(str(ENDED), *HERE),
    Thing(str(WITH_NORA), *ELSEWHERE, volunteer=str(NORA)),
    Thing(str(WITH_DORA), *OTHERS, volunteer=str(DORA)),
)
"""Anna was matched with the one that ended."""
SESSIONS = replace(
    SUPPORT,
    all=tuple(replace(one, volunteer=str(ANNA)) if one.id == str(ENDED) else one for one in SUPPORT.all),
)
"""Whoever was matched may still log a session that took place before the end."""
VOLUNTEERS = things(
    *(Thing(str(one), *HERE, person=str(one)) for one in (ANNA, BEA)),
    Thing(str(NORA), *ELSEWHERE, person=str(NORA)),
    Thing(str(DORA), *OTHERS, person=str(DORA)),
)
GIVES = {ANNA: "one-to-one", BEA: "one-to-one", NORA: "one-to-one", DORA: "group"}
PLACES = things(
    Thing("halton one-to-one", *HERE), Thing("newham one-to-one", *ELSEWHERE), Thing("halton group", *OTHERS)
)
"""Free places, by site and offer: the other provider's volunteer gives what nobody else does."""
SITES = things(
    Thing("halton", *HERE, organisation="RXX"), Thing("newham", *ELSEWHERE, organisation="RXX"), unknown="atlantis"
)
"""Where something is to be put; what a trust sends is its own wherever it goes."""
SIGNALS = {name: named(f"signal/{name}") for name in ("open", "taken", "closed", "elsewhere", "others")}
OPEN, TAKEN, CLOSED, OPEN_ELSEWHERE, OPEN_OTHERS = (concern_id(signal) for signal in SIGNALS.values())
CONCERNS = things(
    *(Thing(str(one), *HERE) for one in (OPEN, TAKEN, CLOSED)),
    Thing(str(OPEN_ELSEWHERE), *ELSEWHERE),
    Thing(str(OPEN_OTHERS), *OTHERS),
)
COUNTED = {HERE: 1, ELSEWHERE: 2, OTHERS: 4}
"""So many journeys in each, so that a sum says whose were counted."""
JOURNEYS = things(*(Thing(str(named(f"journey/{place}/0")), *place) for place in COUNTED))
