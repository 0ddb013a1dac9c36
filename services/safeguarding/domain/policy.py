"""The ladder, the steps and the words: data of the clinical safety officer, checked when it is read."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field

from services.safeguarding.domain.hours import page_hour
from shared.events.codes import About, Code
from shared.programmes.hours import WorkingHours

Seconds = Annotated[int, Field(ge=1, le=7 * 24 * 3600)]


class Data(BaseModel):
    """A piece of the file: frozen and strict, so that a misspelt setting stops the service from starting."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Rung(Data):
    """Who is asked together, and how long they have."""

    roles: Annotated[tuple[Code, ...], Field(min_length=1)]
    answer_within_seconds: Seconds


class Delivery(Data):
    """How often a page is tried again on one channel, in seconds."""

    timeout: Annotated[float, Field(gt=0)]
    first_retry: Annotated[float, Field(gt=0)]
    longest_retry: Annotated[float, Field(gt=0)]
    give_up_after: Seconds

    def retry_after(self, attempts: int) -> float:
        """Seconds to wait after `attempts` failures: doubled each time, never more than the longest."""
        return float(min(self.longest_retry, self.first_retry * 2 ** min(attempts - 1, 20)))


class Wording(Data):
    """Every sentence a page or the list may show; a page says nothing else."""

    subject: str
    body: str
    list_title: str
    before_acknowledging: str
    lost_phone: str


class Ladder(Data):
    """The whole file. `agreed: false` is shown as "default, not agreed" until its owner sets it."""

    version: Code
    source: str
    owner: str
    agreed: bool
    rungs: Annotated[tuple[Rung, ...], Field(min_length=1)]
    repeat_last_seconds: Seconds
    today_pages_at: time
    working_hours: WorkingHours
    next_step_within_hours: Annotated[int, Field(ge=1, le=24 * 31)]
    routes: Mapping[About, tuple[Code, ...]]
    next_steps: Mapping[Code, str]
    close_reasons: Mapping[Code, str]
    actions: Mapping[Code, str]
    delivery: Delivery
    wording: Wording

    def roles_of(self, rung: int) -> tuple[str, ...]:
        """Who is asked on `rung` (from 1); past the end, the last one again."""
        return self.rungs[min(rung, len(self.rungs)) - 1].roles

    def answer_by(self, rung: int, *, now: datetime) -> datetime:
        """Until when `rung` has to answer."""
        return now + timedelta(seconds=self.rungs[min(rung, len(self.rungs)) - 1].answer_within_seconds)

    def repeat_at(self, *, now: datetime) -> datetime:
        """When the last rung is asked again."""
        return now + timedelta(seconds=self.repeat_last_seconds)

    def today_at(self, *, now: datetime) -> datetime:
        """When an untaken "today" worry pages."""
        return page_hour(self.working_hours, self.today_pages_at, now=now)

    def latest_next_at(self, *, now: datetime) -> datetime:
        """The furthest that a next step may be away."""
        return now + timedelta(hours=self.next_step_within_hours)

    @property
    def standing(self) -> str:
        """What is printed beside the version."""
        return self.version if self.agreed else f"{self.version} (default, not agreed)"


def ladder_from(text: str) -> Ladder:
    """The ladder in a YAML text. Raises `ValueError` naming the place that does not fit."""
    return Ladder.model_validate(yaml.safe_load(text))
