"""python -m services.referral [serve | parked list|count|redrive KEY|discard ID WORDS]."""

import asyncio
import sys
from collections.abc import Sequence

from services.referral.app import SERVICE, build, made
from services.referral.settings import Settings
from shared.runtime.log import configure
from shared.runtime.redrive import parked_command
from shared.runtime.serve import serve


async def parked(settings: Settings, arguments: Sequence[str]) -> list[str]:
    """Run an operator's command and give the lines to print."""
    referral = made(settings)
    async with referral.client:
        running = asyncio.create_task(referral.executor.run())
        try:
            return await parked_command(arguments, parking=referral.parking, handlers=referral.handlers)
        finally:
            running.cancel()


def main(arguments: Sequence[str]) -> None:
    """Serve, or do what an operator asked for."""
    configure(SERVICE)
    settings = Settings()
    match list(arguments):
        case [] | ["serve"]:
            serve(build(settings), host=settings.host, port=settings.port)
        case ["rebuild"]:
            print("nothing to rebuild: referral keeps no views")
        case ["parked", *rest]:
            print("\n".join(asyncio.run(parked(settings, rest))))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
