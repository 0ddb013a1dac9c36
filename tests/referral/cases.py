"""What the tests of intake start from: one made-up case, the risk table, and the deciders."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from services.referral.domain import decide, state
from services.referral.domain.commands import ReceiveReferral, Worry
from shared.events.codes import Level
from shared.events.referral import ReferralReceived, ReferralWorryFlagged
from shared.programmes import load
from shared.runtime.decider import Decider
from shared.testing.scenario import Scenario

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
CASE = UUID("0f6e1f5e-0000-4000-8000-000000000001")
CHILD_AT_RISK = "836881000000105"
ABUSE_AT_HOME = "707087005"
NONE_IDENTIFIED = "861931000000100"
PROGRAMMES = Path(__file__).parents[2] / "shared" / "programmes"
DATA = load.load(lambda name: (PROGRAMMES / name).read_text())

CASES: Decider[Any, Any] = Decider("case", state.initial(), decide.decide, state.evolve)
REQUESTS: Decider[Any, Any] = Decider("request", state.Fresh(), decide.decide_request, state.evolve_request)
REFUSALS: Decider[Any, Any] = Decider("refusal", state.Fresh(), decide.decide_refusal, state.evolve_refusal)

a_case = Scenario(CASES)
a_request = Scenario(REQUESTS)
a_refusal = Scenario(REFUSALS)


def worry(code: str = CHILD_AT_RISK, level: Level = "now") -> Worry:
    """One worry, with an id of its own per code."""
    return Worry(signal_id=UUID(int=sum(map(ord, code))), code=code, level=level, about="child")


def receive(**fields: Any) -> ReceiveReferral:
    """A plain referral, changed by `fields`."""
    plain: dict[str, Any] = {"case": CASE, "programme": "parents-in-mind", "source": "midwife", "route": "json"}
    return ReceiveReferral(**plain | fields)


def received(**fields: Any) -> ReferralReceived:
    """What a plain referral leads to."""
    return ReferralReceived.model_validate(
        {"case": CASE, "occurred_at": NOW, "programme": "parents-in-mind", "source": "midwife", "route": "json"}
        | fields
    )


def flagged(raised: Worry, case: UUID | None = CASE) -> ReferralWorryFlagged:
    """What a worry leads to."""
    return ReferralWorryFlagged(
        case=case,
        occurred_at=NOW,
        signal_id=raised.signal_id,
        about=raised.about,
        code=raised.code,
        level=raised.level,
        observed_at=NOW,
    )
