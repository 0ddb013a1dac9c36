"""The shape every event has: a past-tense fact, at most one case, and when it happened."""

from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.events.moment import Moment

ENVELOPE_FIELDS = frozenset({"case", "occurred_at"})


class Event(BaseModel):
    """One fact. `case` and `occurred_at` travel in the envelope, every other field in the data."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    wire: ClassVar[str]

    case: UUID | None = None
    occurred_at: Moment

    def data(self) -> dict[str, Any]:
        """The event's own fields as JSON values, without the envelope."""
        return self.model_dump(mode="json", exclude=set(ENVELOPE_FIELDS))
