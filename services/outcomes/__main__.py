"""`python -m services.outcomes [serve|parked ...]`."""

import asyncio
import sys

from services.outcomes.app import Service, build
from services.outcomes.settings import Settings
from shared.runtime.log import configure
from shared.runtime.redrive import parked_command
from shared.runtime.serve import serve

USAGE = "serve | parked list | parked count | parked redrive KEY | parked discard PLACE REASON"


async def _parked(settings: Settings, arguments: list[str]) -> list[str]:
    service = Service(settings)
    lines = await parked_command(arguments, parking=service.parking, handlers=service.handlers())
    await service.close()
    return lines


def main(arguments: list[str]) -> int:
    """Run what was asked; without arguments serve."""
    configure("outcomes")
    match arguments:
        case [] | ["serve"]:
            settings = Settings()
            serve(build(settings), host=settings.host, port=settings.port)
        case ["parked", *rest]:
            print(*asyncio.run(_parked(Settings(), rest)), sep="\n")
        case _:
            print(USAGE)
            return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
