"""`python -m services.safeguarding [serve|rebuild|parked ...|code CODE]`."""

import asyncio
import secrets
import sys

from services.safeguarding.app import CONCERNS, Service, build
from services.safeguarding.domain.rota import hashed
from services.safeguarding.settings import Settings
from shared.runtime.log import configure
from shared.runtime.rebuild import rebuild
from shared.runtime.redrive import parked_command
from shared.runtime.serve import serve

USAGE = "serve | rebuild | parked list | parked count | parked redrive KEY | code CODE"


async def _rebuild(settings: Settings) -> list[str]:
    service = Service(settings)
    await rebuild(service.database, CONCERNS, service.clock)
    await service.close()
    return [f"{CONCERNS.name} is level with the journal"]


async def _parked(settings: Settings, arguments: list[str]) -> list[str]:
    service = Service(settings)
    working = asyncio.create_task(service.executor.run())
    lines = await parked_command(arguments, parking=service.parking, handlers=service.handlers())
    working.cancel()
    await service.close()
    return lines


def main(arguments: list[str]) -> int:
    """Run what was asked; without arguments serve."""
    configure("safeguarding")
    match arguments:
        case ["code", code]:
            print(hashed(code, secrets.token_bytes(12)))
        case [] | ["serve"]:
            settings = Settings()
            serve(build(settings), host=settings.host, port=settings.port)
        case ["rebuild"]:
            print(*asyncio.run(_rebuild(Settings())), sep="\n")
        case ["parked", *rest]:
            print(*asyncio.run(_parked(Settings(), rest)), sep="\n")
        case _:
            print(USAGE)
            return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
