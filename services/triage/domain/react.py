"""What follows in another stream: a worry flagged here raises the urgency of its case."""

from services.triage.domain.commands import CaseInput, HearWorry
from shared.events.codes import Signal
from shared.events.recorded import Recorded
from shared.events.triage import TriageWorryFlagged


def react(recorded: Recorded) -> list[CaseInput]:
    """The inputs that `recorded` leads to."""
    match recorded.event:
        case TriageWorryFlagged(case=case, signal_id=signal_id, code=code, level=level) if case is not None:
            return [HearWorry(case, Signal(signal_id=signal_id, code=code, level=level))]
        case _:
            return []
