"""What an operator asks of a service beside serving: rebuild views, recover the journal, look at what was parked."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from shared.runtime.clock import Clock
from shared.runtime.commit import Document
from shared.runtime.executor import Executor
from shared.runtime.parking import Parking
from shared.runtime.rebuild import rebuild
from shared.runtime.record import Handle
from shared.runtime.recover import recover
from shared.runtime.redrive import parked_command
from shared.runtime.views import ViewSpec


class Operated(Protocol):
    """A service's clients and stores, made and not yet running."""

    @property
    def client(self) -> AsyncMongoClient[Document]:
        """Closed when the command is done."""
        ...

    @property
    def database(self) -> AsyncDatabase[Document]:
        """The service's own."""
        ...

    @property
    def executor(self) -> Executor:
        """Runs while parked records are handled again."""
        ...

    @property
    def clock(self) -> Clock:
        """The service's."""
        ...

    @property
    def parking(self) -> Parking:
        """Where records were parked."""
        ...

    @property
    def handlers(self) -> Mapping[str, Handle]:
        """What becomes of each topic's events."""
        ...


async def rebuilt(service: Operated, views: Sequence[ViewSpec]) -> list[str]:
    """Fill every view anew beside the one in use, and give the lines to print."""
    async with service.client:
        for spec in views:
            await rebuild(service.database, spec, service.clock)
    return [f"{len(views)} rebuilt"]


async def recovered(service: Operated, name: str, kafka: str) -> list[str]:
    """Bring commits that the journal lost back from Kafka, and give the lines to print."""
    async with service.client:
        done = await recover(name, service.database, kafka)
    return [f"{done.appended} commits appended", *(f"not whole: {one}" for one in done.incomplete)]


async def parked(service: Operated, arguments: Sequence[str]) -> list[str]:
    """Run `parked ...` with the executor at work, and give the lines to print."""
    async with service.client:
        running = asyncio.create_task(service.executor.run())
        try:
            return await parked_command(arguments, parking=service.parking, handlers=service.handlers)
        finally:
            running.cancel()
