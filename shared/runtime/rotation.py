"""The `vault` command: change the master key in steps that cannot be taken in a deadly order (hazard S15)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from pymongo import AsyncMongoClient

from shared.runtime.clock import Clock
from shared.runtime.commit import Document
from shared.runtime.master_key import FileMasterKey
from shared.runtime.vault import Vault

USAGE = "vault status | rotate | rewrap | destroy-old"
SETTLED = timedelta(minutes=5)
"""An instance that took the old key just before the rotation has long written what it wrapped, or failed."""
DONE, REFUSED = 0, 1
"""Exit codes."""


class Keyed(Protocol):
    """A service's clients and its vault, made and not yet running."""

    @property
    def client(self) -> AsyncMongoClient[Document]:
        """Closed when the command is done."""
        ...

    @property
    def vault(self) -> Vault:
        """Whose keys are wrapped anew; a service with several vaults keeps the keys of all in one place."""
        ...

    @property
    def clock(self) -> Clock:
        """The service's."""
        ...


async def vault_command(service: Keyed, key_file: Path, arguments: Sequence[str]) -> tuple[list[str], int]:
    """Run one `vault` command; returns the lines to print and the exit code: 1 for what is refused."""
    master = FileMasterKey(key_file)
    async with service.client:
        match list(arguments):
            case ["status"]:
                return await _status(service.vault, master), DONE
            case ["rotate"]:
                return _rotate(master)
            case ["rewrap"]:
                return await _rewrap(service.vault), DONE
            case ["destroy-old"]:
                return await _destroy_old(service.vault, master, service.clock.now())
            case _:
                return [f"usage: {USAGE}"], REFUSED


async def _status(vault: Vault, master: FileMasterKey) -> list[str]:
    under_way = "a rotation is under way" if master.rotating else "no rotation is under way"
    return [f"in force: {master.id}", under_way, f"{await vault.wrapped_before()} keys wrapped by an older master key"]


def _rotate(master: FileMasterKey) -> tuple[list[str], int]:
    if master.rotating:
        return ["refused: an earlier rotation is not finished; go on with rewrap"], REFUSED
    return [f"in force: {master.rotate()}"], DONE


async def _rewrap(vault: Vault) -> list[str]:
    done = 0
    while count := await vault.rewrap():
        done += count
    return [f"{done} keys rewrapped, none left"]


async def _destroy_old(vault: Vault, master: FileMasterKey, now: datetime) -> tuple[list[str], int]:
    """Refused while any key still needs the old one: whoever it belongs to would be unreadable for good."""
    if not master.rotating:
        return ["no rotation is under way"], DONE
    if now - master.in_force_since < SETTLED:
        return [f"refused: rotated less than {SETTLED.seconds // 60} minutes ago; rewrap once more after that"], REFUSED
    if left := await vault.wrapped_before():
        return [f"refused: {left} keys are wrapped by an older master key; rewrap them first"], REFUSED
    master.destroy_old()
    return [f"destroyed on {now.astimezone(UTC):%Y-%m-%d}: what only it opened is unreadable from now on"], DONE
