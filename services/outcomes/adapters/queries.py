"""The figures: read from the journeys each time, as at a date, with the definitions they used."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pymongo.asynchronous.collection import AsyncCollection

from services.outcomes.adapters.statistics import Statistics
from services.outcomes.domain.change import Change, change, pairs
from services.outcomes.domain.definitions import Definitions
from services.outcomes.domain.funnel import funnel, sites_of
from services.outcomes.domain.numbers import p_text, two_decimals
from services.outcomes.domain.reading import AsAt, Person, people, read
from services.outcomes.domain.scoring import band_of_mean, instrument_named, totals_from
from shared.access.guard import within
from shared.access.reach import Placed, Reach
from shared.events.referral import ReferralReceived
from shared.events.refusal import NotFound
from shared.instruments.model import Instrument
from shared.runtime.clock import Clock

Document = dict[str, Any]
UNKNOWN = ("outcomes.no_such_journey", "Nothing is known of this case.")
NO_DISTRIBUTION = "every difference is the same: no test"


class Queries:
    """Reads journeys and answers with figures."""

    def __init__(
        self,
        *,
        journeys: AsyncCollection[Document],
        definitions: Definitions,
        instruments: Mapping[str, Instrument],
        statistics: Statistics,
        clock: Clock,
    ) -> None:
        self._journeys = journeys
        self._definitions = definitions
        self._instruments = instruments
        self._totals_of = totals_from(instruments)
        self._statistics = statistics
        self._clock = clock

    def as_at(self, happened: date | datetime | None, known: date | datetime | None) -> AsAt:
        """The cut: a day means its end in the provider's zone; nothing means now."""
        now = self._clock.now()
        return AsAt(self._end(happened) or now, self._end(known) or now, self._definitions.zone)

    def _end(self, moment: date | datetime | None) -> datetime | None:
        if isinstance(moment, datetime) or moment is None:
            return moment
        return self._definitions.end_of(moment)

    async def everyone(self, as_at: AsAt, reach: Reach) -> list[Person]:
        """The distinct people as at a date, as far as the one who asks may count them."""
        cases = [
            case
            async for journey in self._journeys.find({})
            if (case := read(journey, as_at, totals_of=self._totals_of))
            and reach.covers(Placed(case.provider, case.site))
        ]
        return people(cases)

    async def funnel(self, as_at: AsAt, reach: Reach, *, site: str | None) -> Document:
        """Referred, supported, followed up, for one site or for all and each."""
        everyone = await self.everyone(as_at, reach)
        answer = self._about(as_at) | {"site": site, "stages": [asdict(one) for one in funnel(everyone, site=site)]}
        if site is None:
            answer["sites"] = {
                name: [asdict(one) for one in funnel(everyone, site=name)] for name in sites_of(everyone)
            }
        return answer

    async def change(self, as_at: AsAt, reach: Reach, *, instrument: str, scale: str, site: str | None) -> Document:
        """The paired change of one scale. Raises `NotFound` for an instrument or scale nobody knows."""
        known = instrument_named(self._instruments, instrument)
        if known is None or scale not in {one.id for one in known.scales}:
            raise NotFound("outcomes.no_such_scale", "No such instrument, or it has no such scale.")
        found = pairs(await self.everyone(as_at, reach), instrument=instrument, scale=scale, site=site)
        answer = self._about(as_at) | {"instrument": known.id, "scale": scale, "site": site, "n": len(found)}
        result = change(found, fewest=self._definitions.fewest_for_a_mean)
        if result is None:
            fewest = self._definitions.fewest_for_a_mean
            return answer | {
                "too_few": True,
                "note": f"Too few: no mean below {fewest} people with both questionnaires.",
            }
        tested = await self._statistics.paired([after - before for before, after in found])
        p = tested["p"]
        return answer | {
            "too_few": False,
            "ci95": [two_decimals(tested["low"]), two_decimals(tested["high"])],
            "p": NO_DISTRIBUTION if p is None else p_text(p),
            **_described(known, scale, result),
        }

    async def journey(self, case: UUID, reach: Reach) -> Document:
        """One case's facts by service. Raises `NotFound`."""
        found = await self._journeys.find_one({"_id": str(case)})
        within(reach, place_of(found) if found else None, UNKNOWN)
        assert found is not None
        return {name: value for name, value in found.items() if not name.startswith("_")}

    def _about(self, as_at: AsAt) -> Document:
        definitions = self._definitions
        return {
            "as_at": as_at.happened_by.isoformat(),
            "known_at": as_at.known_by.isoformat(),
            "definitions": {
                "version": definitions.standing,
                "source": definitions.source,
                "stages": definitions.stages.model_dump(),
                "change": definitions.change.strip(),
            },
        }


def place_of(journey: Document) -> Placed:
    """Where a journey belongs: where its referral was received, else where the first that was heard of it happened."""
    facts = sorted((one for own in journey["facts"].values() for one in own.values()), key=_referral_first)
    return Placed(facts[0]["provider"], facts[0]["site"])


def _referral_first(fact: Document) -> tuple[bool, datetime]:
    return fact["what"] != ReferralReceived.wire, fact["recorded_at"]


def _described(instrument: Instrument, scale: str, result: Change) -> Document:
    """Means, their bands and who moved: worse always beside better (R102), equal is neither (R113)."""
    moved = {"lower": result.lower, "equal": result.equal, "higher": result.higher}
    return {
        "mean_before": two_decimals(result.before),
        "mean_after": two_decimals(result.after),
        "mean_change": two_decimals(result.difference),
        "sd_of_change": two_decimals(result.sd),
        "band_before": band_of_mean(instrument, scale, result.before),
        "band_after": band_of_mean(instrument, scale, result.after),
        "better": instrument.better,
        **{name: {"n": count, "of": result.n, "percent": result.share(count)} for name, count in moved.items()},
    }
