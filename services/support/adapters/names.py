"""Asks referral, whose people they are, for first names and telephone numbers on behalf of whoever reads a page."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import structlog

from shared.access.caller import Caller

log = structlog.get_logger()
MOST = 200
"""People of one lookup, as referral takes them."""
Prove = Callable[[Caller, Sequence[UUID]], str]


@dataclass(frozen=True, slots=True)
class Named:
    """What is known by case id; `away` when referral did not answer, so that a page can say so."""

    people: Mapping[str, Mapping[str, Any]]
    away: bool = False

    def of(self, case: str) -> Mapping[str, Any]:
        """What she may be told about one person; nothing where she may not, or nobody could say."""
        return self.people.get(case, {})


class Names:
    """`prove` makes the header Authorization for a reader, with the cases she is matched with; `within` in seconds."""

    def __init__(self, urls: Sequence[str], http: httpx.AsyncClient, prove: Prove, within: float) -> None:
        self._urls = tuple(urls)
        self._http = http
        self._prove = prove
        self._within = within

    async def of(self, caller: Caller, cases: Iterable[str]) -> Named:
        """Names of the newest two hundred; never an error: a page without names is still a page."""
        wanted = [UUID(one) for one in list(cases)[:MOST]]
        if not wanted:
            return Named({})
        for url in self._urls:
            found = await self._asked(url, caller, wanted)
            if found is not None:
                return found
        return Named({}, away=True)

    async def _asked(self, url: str, caller: Caller, wanted: Sequence[UUID]) -> Named | None:
        body = {"ids": [str(one) for one in wanted], "purpose": "support"}
        matched = wanted if caller.role == "volunteer" else ()
        proved = {"Authorization": self._prove(caller, matched)}
        try:
            answer = await self._http.post(f"{url}/people/lookup", json=body, headers=proved, timeout=self._within)
            if answer.status_code == httpx.codes.FORBIDDEN:  # her role reads codes only
                return Named({})
            return Named(answer.raise_for_status().json()["people"])
        except (httpx.HTTPError, ValueError, KeyError) as failed:
            log.warning("names.unanswered", error_code=type(failed).__name__)
            return None
