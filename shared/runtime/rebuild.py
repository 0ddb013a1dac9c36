"""Fills a view's next version beside the one in use, and moves readers over when it is level with the journal."""

import asyncio
from datetime import timedelta
from typing import Any

import structlog
from pymongo.asynchronous.database import AsyncDatabase

from shared.runtime.clock import Clock
from shared.runtime.register import Register
from shared.runtime.scan import Place
from shared.runtime.views import Views, ViewSpec

log = structlog.get_logger()

LEVEL = timedelta(seconds=1)
"""Readers move over once the new version is this close behind the journal (docs/decisions/0009)."""


async def rebuild(database: AsyncDatabase[dict[str, Any]], spec: ViewSpec, clock: Clock, *, grace: float = 2.0) -> None:
    """Fill `spec` from zero; other versions stay in use meanwhile.

    Followers leave a view alone while it is filled, and take it over afterwards without a gap. Meant for the version
    that nobody reads yet: a rebuild of the one in use empties it first, after `grace` seconds in which followers
    finish what they are folding.
    """
    register, views = Register(database), Views(database, [spec])
    await register.set(spec.name, "filling")
    await asyncio.sleep(grace)
    await views.collection(spec.name).drop()
    place: Place | None = None
    while True:
        began = clock.now()
        place = await views.fill(spec.name, place)
        if clock.now() - began <= LEVEL:
            break
    await register.set(spec.name, "ready", place)
    await register.point(spec)
    log.info("view.rebuilt", outcome=spec.name)
