"""What outcomes says: only how it answered an erasure request."""

from typing import ClassVar

from shared.events.erasure import DataErased, ErasureWithheld


class OutcomesDataErased(DataErased):
    """Outcomes dropped dates, tags and area of the case."""

    wire: ClassVar[str] = "outcomes.data_erased.v1"


class OutcomesErasureWithheld(ErasureWithheld):
    """Outcomes keeps the case's record for a named reason."""

    wire: ClassVar[str] = "outcomes.erasure_withheld.v1"
