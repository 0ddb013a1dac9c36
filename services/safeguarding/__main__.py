"""python -m services.safeguarding [serve | rebuild | recover | parked ... | vault ... | audit ... | code CODE].

docs/runbook names each command.
"""

import asyncio
import secrets
import sys
from collections.abc import Sequence

from services.safeguarding.app import CONCERNS, SERVICE, Service, build
from services.safeguarding.domain.rota import hashed
from services.safeguarding.settings import Settings
from shared.access.audit.command import audited
from shared.runtime.log import configure
from shared.runtime.operate import parked, rebuilt, recovered
from shared.runtime.rotation import vault_command
from shared.runtime.serve import serve


async def operate(settings: Settings, command: str, arguments: Sequence[str]) -> list[str]:
    """Run an operator's command and give the lines to print."""
    safeguarding = Service(settings)
    if command == "rebuild":
        return await rebuilt(safeguarding, (CONCERNS,))
    if command == "recover":
        return await recovered(safeguarding, SERVICE, settings.kafka)
    return await parked(safeguarding, arguments)


def main(arguments: Sequence[str]) -> None:
    """Serve, or do what an operator asked for."""
    configure(SERVICE)
    match list(arguments):
        case ["code", code]:
            print(hashed(code, secrets.token_bytes(12)))
        case [] | ["serve"]:
            settings = Settings()
            serve(build(settings), host=settings.host, port=settings.port)
        case ["rebuild" | "recover" | "parked" as command, *rest]:
            print("\n".join(asyncio.run(operate(Settings(), command, rest))))
        case ["vault", *rest]:
            lines, failed = asyncio.run(vault_command(Service(Settings()), Settings().key_file, rest))
            print("\n".join(lines))
            sys.exit(failed)
        case ["audit", *rest]:
            sys.exit(asyncio.run(audited(Settings(), SERVICE, rest, say=print)))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
