"""Looks for what is due, again and again; a database that is away is asked later, not given up."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from pymongo.errors import PyMongoError

log = structlog.get_logger()


async def look_for_due(look: Callable[[], Awaitable[object]], *, every: float, failed: str) -> None:
    """Await `look()` every so many seconds until cancelled; `failed` names the event when the database is away."""
    while True:
        try:
            await look()
        except PyMongoError as away:
            log.warning(failed, error_code=type(away).__name__, outcome="again")
        await asyncio.sleep(every)
