"""Records a second that the vault makes durable, beside raw inserts of documents as large.

`python -m benchmarks.vault` uses the MongoDB that the tests would use (or starts one) and prints medians of five runs.
"""

import asyncio
import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from deploy.local import surroundings
from deploy.local.testing import local_mongo
from shared.runtime.clock import SystemClock, new_id
from shared.runtime.master_key import KEY_BYTES, FileMasterKey
from shared.runtime.mongo import connect, durable
from shared.runtime.vault import Vault

RUNS, CALLERS, EACH, BATCH = 5, 256, 40, 500
RECORD = {"given": "Aurelia", "family": "Test", "phone": "07700 900123", "postcode": "ZZ99 3WZ", "text": "words " * 60}
INDEX = {"phone": "07700 900123", "postcode": "ZZ99 3WZ", "birth_date": "1990-02-01", "family": "Test"}
Database = AsyncDatabase[dict[str, Any]]


async def _callers(work: Callable[[], Awaitable[Any]]) -> float:
    """Records a second when CALLERS callers each do `work` EACH times, one after another."""

    async def one() -> None:
        for _ in range(EACH):
            await work()

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CALLERS)))
    return CALLERS * EACH / (time.perf_counter() - started)


async def sealing(vault: Vault) -> float:
    """New people, a record each, with blind indexes."""

    async def work() -> None:
        case = new_id()
        await vault.seal(subject=case, stream=f"case/{case}", cause=new_id(), record=RECORD, index=INDEX)

    return await _callers(work)


async def raw(database: Database) -> float:
    """The floor: the same number of documents as large, in batches, without keys, ciphers or indexes."""
    records = durable(database, "raw")
    count = CALLERS * EACH
    started = time.perf_counter()
    for _ in range(0, count, BATCH):
        await records.insert_many([{"_id": new_id(), "sealed": secrets.token_bytes(700)} for _ in range(BATCH)])
    return count / (time.perf_counter() - started)


async def reading(vault: Vault) -> float:
    """Everything about one of many people, from 256 callers."""
    cases = [new_id() for _ in range(CALLERS)]
    sealings = (vault.seal(subject=one, stream=f"case/{one}", cause=new_id(), record=RECORD) for one in cases)
    await asyncio.gather(*sealings)
    turn = iter(cases * EACH)

    async def work() -> None:
        await vault.of(next(turn))

    return await _callers(work)


async def measure(url: str, folder: Path) -> dict[str, float]:
    """Medians of RUNS runs, taken in turn."""
    key = folder / "key"
    key.write_bytes(secrets.token_bytes(KEY_BYTES))
    name = f"bench_{secrets.token_hex(4)}"
    async with connect(url) as client:
        vault = Vault(client[name], client[f"{name}_keys"], FileMasterKey(key), SystemClock())
        await vault.ensure_indexes()
        part = asyncio.create_task(vault.run())
        found: dict[str, list[float]] = {"sealed": [], "raw": [], "read": []}
        for _ in range(RUNS):
            found["sealed"].append(await sealing(vault))
            found["raw"].append(await raw(client[name]))
            found["read"].append(await reading(vault))
        part.cancel()
        await asyncio.gather(part, return_exceptions=True)
        await client.drop_database(name)
        await client.drop_database(f"{name}_keys")
    return {what: statistics.median(rates) for what, rates in found.items()}


def main() -> None:
    """Measure and print."""
    named = surroundings.read().test_mongo
    with tempfile.TemporaryDirectory() as folder:
        if named:
            medians = asyncio.run(measure(named, Path(folder)))
        else:
            with local_mongo(Path(folder)) as url:
                medians = asyncio.run(measure(url, Path(folder)))
    print(f"load {os.getloadavg()[0]:.1f}, {CALLERS} callers, medians of {RUNS} runs, records a second")
    print(f"sealed {medians['sealed']:,.0f} (raw inserts {medians['raw']:,.0f}), read {medians['read']:,.0f}")


if __name__ == "__main__":
    main()
