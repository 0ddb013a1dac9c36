"""An event together with where it stands: what views, reactions and other services are given."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.events.event import Event


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event at `version` of `stream` ("<kind>/<id>") of `service`, as its commit keeps it."""

    event: Event
    event_id: UUID
    service: str
    stream: str
    version: int
    recorded_at: datetime
    provider: str
    site: str
    cause: UUID
    epoch: int
    commit: str
    correlation: UUID | None = None
    claims: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """The CloudEvents source: guards against repeats are kept per source."""
        return f"/{self.service}/{self.stream}"

    @property
    def key(self) -> str:
        """The Kafka key: the case, or the stream's own id where there is none."""
        return str(self.event.case) if self.event.case else self.stream.split("/", 1)[1]
