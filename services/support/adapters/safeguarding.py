"""Asks safeguarding whether an open concern holds a case; no clear "no" means hold (SAFETY S24)."""

from collections.abc import Callable, Sequence
from uuid import UUID

import httpx
import structlog

log = structlog.get_logger()


class Safeguarding:
    """Safeguarding's instances, asked in turn; `prove` makes the header Authorization anew for each."""

    def __init__(self, urls: Sequence[str], http: httpx.AsyncClient, prove: Callable[[], str]) -> None:
        self._urls = tuple(urls)
        self._prove = prove
        self._http = http

    async def holds(self, case: UUID) -> bool:
        """False only when an instance said so in as many words; true for every other answer and for none."""
        for url in self._urls:
            try:
                proved = {"Authorization": self._prove()}
                answer = await self._http.get(f"{url}/api/hold", params={"case": str(case)}, headers=proved)
                said = answer.json()
            except (httpx.HTTPError, ValueError) as failed:
                log.warning("hold.unanswered", error_code=type(failed).__name__)
                continue
            if answer.status_code == httpx.codes.OK and isinstance(said, dict) and isinstance(said.get("hold"), bool):
                return bool(said["hold"])
        return True
