"""python -m services.support [serve | rebuild | recover | parked list|count|redrive KEY|discard ID WORDS]."""

import asyncio
import sys
from collections.abc import Sequence

from services.support.app import SERVICE, VIEWS, build, made
from services.support.settings import Settings
from shared.runtime.log import configure
from shared.runtime.rebuild import rebuild
from shared.runtime.recover import recover
from shared.runtime.redrive import parked_command
from shared.runtime.serve import serve


async def operate(settings: Settings, command: str, arguments: Sequence[str]) -> list[str]:
    """Run an operator's command and give the lines to print."""
    support = made(settings)
    async with support.client:
        if command == "rebuild":
            for spec in VIEWS:
                await rebuild(support.database, spec, support.clock)
            return [f"{len(VIEWS)} rebuilt"]
        if command == "recover":
            done = await recover(SERVICE, support.database, settings.kafka)
            return [f"{done.appended} commits appended", *(f"not whole: {one}" for one in done.incomplete)]
        running = asyncio.create_task(support.executor.run())
        try:
            return await parked_command(arguments, parking=support.parking, handlers=support.handlers)
        finally:
            running.cancel()


def main(arguments: Sequence[str]) -> None:
    """Serve, or do what an operator asked for."""
    configure(SERVICE)
    settings = Settings()
    match list(arguments):
        case [] | ["serve"]:
            serve(build(settings), host=settings.host, port=settings.port)
        case ["rebuild" | "recover" | "parked" as command, *rest]:
            print("\n".join(asyncio.run(operate(settings, command, rest))))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
