"""Whether somebody answers for a site now: a primary, a declared plan, or a gap that must alarm (SAFETY S25)."""

from dataclasses import dataclass
from datetime import datetime

from services.safeguarding.domain.rota import Rota
from shared.programmes.hours import WorkingHours


@dataclass(frozen=True, slots=True)
class Coverage:
    """`covered`: a primary is there now. `plan` is what is declared otherwise; without one it is a gap."""

    site: str
    covered: bool
    declared: bool
    gap: bool
    plan: str
    fallback_number: str
    next_reading: datetime | None


def coverage(rota: Rota, hours: WorkingHours, site: str, *, now: datetime) -> Coverage:
    """The cover of `site` at `now`, with the next time somebody reads the list (S11)."""
    own = rota.site(site)
    has_primary = bool(own.takes.get("primary"))
    covered = has_primary and (own.cover == "always" or (own.cover == "working_hours" and hours.open_at(now)))
    declared = bool(own.out_of_hours_plan)
    return Coverage(
        site=site,
        covered=covered,
        declared=declared,
        gap=not covered and not declared,
        plan=own.out_of_hours_plan,
        fallback_number=own.fallback_number,
        next_reading=now if covered else hours.next_opening(now),
    )
