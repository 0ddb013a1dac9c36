"""python -m services.triage [serve | rebuild | recover | parked ... | vault ... | audit ...].

docs/runbook names each command.
"""

import asyncio
import sys
from collections.abc import Sequence

from services.triage.app import SERVICE, VIEWS, build, made
from services.triage.settings import Settings
from shared.access.audit.command import audited
from shared.runtime.log import configure
from shared.runtime.operate import parked, rebuilt, recovered
from shared.runtime.rotation import vault_command
from shared.runtime.serve import serve


async def operate(settings: Settings, command: str, arguments: Sequence[str]) -> list[str]:
    """Run an operator's command and give the lines to print."""
    triage = made(settings)
    if command == "rebuild":
        return await rebuilt(triage, VIEWS)
    if command == "recover":
        return await recovered(triage, SERVICE, settings.kafka)
    return await parked(triage, arguments)


def main(arguments: Sequence[str]) -> None:
    """Serve, or do what an operator asked for."""
    configure(SERVICE)
    settings = Settings()
    match list(arguments):
        case [] | ["serve"]:
            serve(build(settings), host=settings.host, port=settings.port)
        case ["rebuild" | "recover" | "parked" as command, *rest]:
            print("\n".join(asyncio.run(operate(settings, command, rest))))
        case ["vault", *rest]:
            lines, failed = asyncio.run(vault_command(made(settings), settings.key_file, rest))
            print("\n".join(lines))
            sys.exit(failed)
        case ["audit", *rest]:
            sys.exit(asyncio.run(audited(settings, SERVICE, rest, say=print)))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
