"""What an operator asks of the audit log: `audit verify` and `audit show`, each in the service's own surroundings."""

import argparse
import asyncio
import os
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError

from shared.access.audit.heads import Heads
from shared.access.audit.lines import LineFile
from shared.access.audit.log import AuditLog
from shared.access.audit.publishing import HeadsFile, heads_path
from shared.access.audit.reading import Database, from_file, from_kafka
from shared.access.audit.showing import show
from shared.access.audit.spool import refused_path, spool_path
from shared.access.audit.verifying import verify
from shared.access.caller import Caller
from shared.access.guard import Admission
from shared.access.wiring import AUDIT_KEY, audit_database
from shared.runtime.clock import SystemClock
from shared.runtime.durable import connect
from shared.runtime.ending import end
from shared.runtime.errors import Failure
from shared.runtime.master_key import FileMasterKey
from shared.runtime.settings import ServiceSettings

Say = Callable[[str], None]
CLEAN, FAULT, COULD_NOT = 0, 1, 2
"""Exit codes."""


async def audited(settings: ServiceSettings, service: str, arguments: Sequence[str], *, say: Say) -> int:
    """Run `audit ...` and say its lines; the exit code: 0 clean, 1 for any fault, 2 when it could not look."""
    asked = parser(service).parse_args(arguments)
    key = FileMasterKey(settings.key_file).derived(AUDIT_KEY)
    try:
        async with connect(settings.mongo_url) as client:
            database = audit_database(client[settings.database])
            if asked.what == "verify":
                return await _verify(settings, service, asked, database, key, say)
            return await _show(settings, service, asked, database, key, say)
    except (PyMongoError, KafkaError, OSError, TimeoutError, Failure) as failed:
        say(f"could not look: {type(failed).__name__}")
        return COULD_NOT


def parser(service: str) -> argparse.ArgumentParser:
    """What can be asked."""
    top = argparse.ArgumentParser(prog=f"python -m services.{service} audit")
    asks = top.add_subparsers(dest="what", required=True)
    verifying = asks.add_parser("verify", help="check every chain against its key and its heads")
    verifying.add_argument("--day", type=_day, help="only chains begun on this day (UTC), YYYY-MM-DD")
    verifying.add_argument("--heads", type=Path, action="append", help="a file of heads; default: the service's own")
    verifying.add_argument("--kafka", action="store_true", help="read the heads on Kafka too")
    showing = asks.add_parser("show", help="print the entries about a subject or by a person; noted itself")
    whose = showing.add_mutually_exclusive_group(required=True)
    whose.add_argument("--subject", metavar="ID")
    whose.add_argument("--who", metavar="ID")
    showing.add_argument("--day", type=_day, help="only this day (UTC), YYYY-MM-DD")
    showing.add_argument("--by", metavar="ID", help="who looks; default: the number of the account on this machine")
    return top


async def _verify(
    settings: ServiceSettings, service: str, asked: argparse.Namespace, database: Database, key: bytes, say: Say
) -> int:
    heads = Heads(service, key, asked.day)
    own = heads_path(settings.audit_heads, service)
    for file in asked.heads or ([own] if own.exists() else []):
        from_file(heads, file)
    if asked.kafka:
        await from_kafka(heads, settings.kafka)
    clean = await verify(database, key, heads, service=service, day=asked.day, say=say)
    waiting, _ = LineFile(spool_path(settings.audit_heads, service)).read()
    if waiting:
        say(f"{len(waiting)} entries or more wait in the spool and are in no chain yet")
    refused, _ = LineFile(refused_path(settings.audit_heads, service)).read()
    if refused:
        say(f"FAULT the spool held {len(refused)} lines or more that were changed or forged")
    return CLEAN if clean and not refused else FAULT


async def _show(
    settings: ServiceSettings, service: str, asked: argparse.Namespace, database: Database, key: bytes, say: Say
) -> int:
    """Note who looks, then say what there is: without the note nothing is shown."""
    id_ = asked.subject or asked.who
    clock = SystemClock()
    audit = AuditLog(service, database, key, clock, heads=HeadsFile(settings.audit_heads, service, key))
    noting = asyncio.create_task(audit.run(), name="audit")
    try:
        await audit.note(_looked(asked.by or f"uid-{os.getuid()}", id_))
    finally:
        await end([noting])
    by = "subjects" if asked.subject else "who"
    return CLEAN if await show(database, key, by=by, id_=id_, day=asked.day, say=say) else FAULT


def _looked(who: str, id_: str) -> Admission:
    caller = Caller(kind="person", id=who, role="operator", via="shell")
    return Admission(caller, "audit.read", (id_,), "", "admitted")


def _day(text: str) -> str:
    return date.fromisoformat(text).isoformat()
