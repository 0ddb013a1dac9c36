"""Made-up people whose journeys are given as events, for the outcomes tests."""

from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from typing import Any
from uuid import UUID, uuid5

from services.outcomes.domain.definitions import definitions_from
from services.outcomes.domain.journey import keys, project
from services.outcomes.domain.reading import AsAt, Case, read
from services.outcomes.domain.scoring import totals_from
from shared.events.codes import Measure
from shared.events.event import Event
from shared.events.ids import BESIDE, event_id
from shared.events.recorded import Recorded
from shared.events.referral import ReferralReceived
from shared.events.support import AttendanceRecorded
from shared.events.triage import MeasureRecorded
from shared.instruments.model import load

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
LATER = datetime(2027, 1, 1, tzinfo=UTC)
DEFINITIONS = definitions_from(
    files("services.outcomes").joinpath("rules", "definitions.yaml").read_text(encoding="utf-8")
)
INSTRUMENTS = load(lambda name: files("shared.instruments").joinpath(name).read_text(encoding="utf-8"))
TOTALS = totals_from(INSTRUMENTS)
ALWAYS = AsAt(LATER, LATER, DEFINITIONS.zone)


def case_of(number: int) -> UUID:
    """The id of the n-th made-up case."""
    return uuid5(BESIDE, f"outcomes-test/{number}")


def on(day: int) -> datetime:
    """Nine in the morning, so many days after the start."""
    return START + timedelta(days=day)


def recorded(event: Event, version: int, *, site: str = "newham", at: datetime | None = None) -> Recorded:
    """The event as its service recorded it."""
    service = event.wire.split(".")[0]
    stream = f"case/{event.case}"
    return Recorded(
        event=event,
        event_id=event_id(1, service, stream, version),
        service=service,
        stream=stream,
        version=version,
        recorded_at=at or event.occurred_at,
        provider="nct",
        site=site,
        cause=event_id(0, service, stream, version),
        epoch=1,
        commit=f"{stream}/{version:010d}",
    )


def referral(
    number: int,
    *,
    day: int = 0,
    totals: dict[str, int] | None = None,
    items: dict[int, int] | None = None,
    site: str = "newham",
    repeat_of: UUID | None = None,
) -> Recorded:
    """A referral, with HADS totals where given."""
    asked = bool(totals or items)
    hads = Measure(instrument="HADS", version="1", totals=totals or {}, items=items or {}, taken_on=on(day).date())
    event = ReferralReceived(
        case=case_of(number),
        occurred_at=on(day),
        source="midwife",
        route="json",
        measures=(hads,) if asked else (),
        repeat_of=repeat_of,
        age_band="25_and_over",
    )
    return recorded(event, 1, site=site)


def attendance(number: int, *, day: int = 10, attended: bool = True, version: int = 5) -> Recorded:
    """She came to a session, or did not."""
    session = uuid5(BESIDE, f"session/{number}/{day}")
    return recorded(
        AttendanceRecorded(case=case_of(number), occurred_at=on(day), session=session, attended=attended), version
    )


def measured(number: int, totals: dict[str, int], *, day: int, stage: str = "follow_up", version: int = 9) -> Recorded:
    """HADS answered on a day."""
    event = MeasureRecorded.model_validate(
        {
            "case": case_of(number),
            "occurred_at": on(day),
            "instrument": "HADS",
            "version": "1",
            "totals": totals,
            "stage": stage,
            "taken_on": on(day).date(),
            "by": "local_project_manager/lpm-1",
        }
    )
    return recorded(event, version)


def journeys(events: list[Recorded]) -> dict[str, dict[str, Any]]:
    """Every journey after the events, in the order given."""
    found: dict[str, dict[str, Any]] = {}
    for event in events:
        for key in keys(event):
            found[key] = project(found.get(key), event)
    return found


def cases(events: list[Recorded], as_at: AsAt = ALWAYS) -> list[Case]:
    """The cases as at a date."""
    return [case for journey in journeys(events).values() if (case := read(journey, as_at, totals_of=TOTALS))]


def day(number: int) -> date:
    """The date so many days after the start."""
    return on(number).date()
