"""python -m services.outcomes [serve | parked ... | audit ...]; docs/runbook names each. It keeps no journal."""

import asyncio
import sys
from collections.abc import Sequence

from services.outcomes.app import SERVICE, Service, build
from services.outcomes.settings import Settings
from shared.access.audit.command import audited
from shared.runtime.log import configure
from shared.runtime.redrive import parked_command
from shared.runtime.serve import serve


async def parked(settings: Settings, arguments: Sequence[str]) -> list[str]:
    """Run `parked ...` and give the lines to print."""
    outcomes = Service(settings)
    async with outcomes.client:
        return await parked_command(arguments, parking=outcomes.parking, handlers=outcomes.handlers)


def main(arguments: Sequence[str]) -> None:
    """Serve, or do what an operator asked for."""
    configure(SERVICE)
    settings = Settings()
    match list(arguments):
        case [] | ["serve"]:
            serve(build(settings), host=settings.host, port=settings.port)
        case ["parked", *rest]:
            print("\n".join(asyncio.run(parked(settings, rest))))
        case ["audit", *rest]:
            sys.exit(asyncio.run(audited(settings, SERVICE, rest, say=print)))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
