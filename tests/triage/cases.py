"""What the triage tests share: the shipped rules, one case and the events it may have behind it."""

from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from services.triage.domain.decide import decide, decide_worry
from services.triage.domain.policy import Rules
from services.triage.domain.state import Unflagged, Unheard, evolve, evolve_worry
from shared import instruments, programmes
from shared.events.codes import Baby, Level, Measure, Signal
from shared.events.referral import ReferralReceived, ReferralUpdated
from shared.events.triage import ReferralHeard, TriageCompleted, TriageRecommended
from shared.instruments.model import load as load_instruments
from shared.programmes.load import load
from shared.runtime.decider import Decider
from shared.testing.scenario import Scenario

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
TODAY = NOW.date()
CASE = UUID("11111111-1111-4111-8111-111111111111")
S1, S2 = (UUID(int=n) for n in (1, 2))
LPM = "project-manager/p-7"


def _text(package: Any, name: str) -> str:
    return (Path(package.__file__).parent / name).read_text("utf-8")


_DATA = load(partial(_text, programmes))
RULES = Rules(
    programmes=_DATA.programmes,
    risk=_DATA.risk,
    instruments=load_instruments(partial(_text, instruments)),
    usual="parents-in-mind",
    reasons=_DATA.vocabulary.decision_reasons,
)
CASES: Decider[Any, Any] = Decider(kind="case", initial=Unheard(), decide=partial(decide, rules=RULES), evolve=evolve)
WORRIES: Decider[Any, Any] = Decider(kind="worry", initial=Unflagged(), decide=decide_worry, evolve=evolve_worry)
cases, worries = Scenario(CASES), Scenario(WORRIES)

DUE = Baby(kind="due", on=date(2027, 2, 1))
BORN_2024 = Baby(kind="born", on=date(2024, 11, 25))  # two years old tomorrow
TOO_OLD = Baby(kind="born", on=date(2024, 11, 24))  # exactly two years old


def signal(level: Level, *, signal_id: UUID = S1, code: str = "401206008") -> Signal:
    """A worry of `level`."""
    return Signal(signal_id=signal_id, code=code, level=level)


def hads(anxiety: int, depression: int = 5) -> Measure:
    """HADS totals."""
    totals = {"anxiety": anxiety, "depression": depression}
    return Measure(instrument="HADS", version="1", totals=totals, taken_on=TODAY)


def received(**facts: Any) -> ReferralReceived:
    """A complete, risk-free referral of a pregnant woman, changed by `facts`."""
    usual: dict[str, Any] = {"programme": "parents-in-mind", "baby": DUE, "measures": (hads(13),)}
    return ReferralReceived(case=CASE, occurred_at=NOW, source="midwife", route="json", **{**usual, **facts})


def updated(**facts: Any) -> ReferralUpdated:
    """What her sender says later."""
    return ReferralUpdated(case=CASE, occurred_at=NOW, **facts)


def heard(**facts: Any) -> ReferralHeard:
    """The same as triage keeps it."""
    return ReferralHeard.model_validate(received(**facts).model_dump())


def advised(**facts: Any) -> TriageRecommended:
    """What a person was advised; only its urgency and reasons against matter to what follows."""
    return TriageRecommended(
        case=CASE, occurred_at=NOW, rule_version="parents-in-mind/2026-11-1", **{"urgency": "routine", **facts}
    )


def completed(outcome: Any = "accepted", **facts: Any) -> TriageCompleted:
    """A named person's decision."""
    return TriageCompleted(
        **{
            "case": CASE,
            "occurred_at": NOW,
            "outcome": outcome,
            "reason": "fits",
            "decided_by": LPM,
            "rule_version": "parents-in-mind/2026-11-1",
            **facts,
        }
    )
