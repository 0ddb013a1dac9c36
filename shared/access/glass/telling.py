"""Tells safeguarding that the glass was broken, again and again until it has taken that: it tells whom it concerns."""

from collections.abc import Callable, Sequence
from typing import Any

import httpx
import structlog
from prometheus_client import Gauge

from shared.access.glass.kept import BrokenGlass
from shared.runtime.due import look_for_due

log = structlog.get_logger()
PATH = "/api/break-glass-notices"
LOOK_EVERY_S = 0.5
OVERDUE = Gauge("beside_break_glass_untold", "1 while safeguarding has not taken a notice of break-glass for minutes")


class TellBrokenGlass:
    """A Part. `prove` makes the header Authorization, anew for each try."""

    def __init__(self, service: str, glass: BrokenGlass, urls: Sequence[str], prove: Callable[[], str]) -> None:
        self.name = "break-glass notices"
        self._service = service
        self._glass = glass
        self._urls = tuple(url + PATH for url in urls)
        self._prove = prove

    async def run(self) -> None:
        """Tell until cancelled."""
        await look_for_due(self.look, every=LOOK_EVERY_S, failed="break_glass.look_failed")

    async def look(self) -> int:
        """Try each notice that is due once; returns how many were told."""
        due = await self._glass.untold()
        if not due:
            return 0
        told, overdue = 0, False
        async with httpx.AsyncClient(timeout=self._glass.rules.notice.timeout, trust_env=False) as http:
            for notice in due:
                if await self._tell(http, notice):
                    await self._glass.told(notice["_id"])
                    told += 1
                elif await self._glass.again(notice):
                    overdue = True
                    log.error("break_glass.untold", attempt=notice["attempts"] + 1, outcome="again")
        OVERDUE.set(overdue)
        return told

    async def _tell(self, http: httpx.AsyncClient, notice: dict[str, Any]) -> bool:
        body = {
            "id": str(notice["_id"]),
            "service": self._service,
            "by": notice["by"],
            "provider": notice["provider"] or "",
            "reason": notice["reason"],
            "reason_in_words": self._glass.rules.reasons.get(notice["reason"], notice["reason"]),
            "begun_at": notice["begun_at"].isoformat(),
            "ends_at": notice["ends_at"].isoformat(),
        }
        for url in self._urls:
            try:
                answer = await http.post(url, json=body, headers={"Authorization": self._prove()})
            except httpx.HTTPError:
                continue
            if answer.is_success:
                return True
        return False
