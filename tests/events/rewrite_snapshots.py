"""Writes golden examples, schemas and documents anew, on purpose: python -m tests.events.rewrite_snapshots.

An example that is there stays for ever, and a breaking change of a schema is refused; --before-first-release allows
both, and must not be used once anybody keeps events.
"""

import json
import sys
from pathlib import Path
from typing import Any

from shared.events.asyncapi import document, render
from shared.events.catalogue import CATALOGUE
from shared.events.cloudevents import to_headers
from shared.events.event_map import event_map
from shared.events.recorded import Recorded
from shared.events.schemas import schema_of
from tests.events.compatibility import breaking
from tests.events.samples import SAMPLES

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "shared" / "events" / "examples"
SCHEMAS = ROOT / "shared" / "events" / "schemas"
TOPICS = ROOT / "deploy" / "topics.yaml"
ASYNCAPI = ROOT / "docs" / "asyncapi.yaml"
EVENT_MAP = ROOT / "docs" / "events.md"


def golden(recorded: Recorded) -> dict[str, Any]:
    """An event as a golden example keeps it."""
    headers = {name: text.decode() for name, text in to_headers(recorded)}
    return {"key": recorded.key, "headers": headers, "data": recorded.event.data()}


def main(arguments: list[str]) -> int:
    """Write what is missing or may change; returns 1 and says why where a change is refused."""
    free = arguments == ["--before-first-release"]
    committed = {path.stem: json.loads(path.read_text("utf-8")) for path in SCHEMAS.glob("*.json")}
    refused = [] if free else refusals(committed)
    if refused:
        sys.stderr.write("\n".join(refused) + "\n")
        return 1
    for folder in (EXAMPLES, SCHEMAS):
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir() if free else ():
            path.unlink()
    for wire, event in CATALOGUE.items():
        if not (EXAMPLES / f"{wire}.json").exists():
            _write(EXAMPLES / f"{wire}.json", golden(SAMPLES[wire]))
        _write(SCHEMAS / f"{wire}.json", schema_of(event))
    topics = TOPICS.read_text("utf-8")
    ASYNCAPI.write_text(render(document(topics)), "utf-8")
    EVENT_MAP.write_text(event_map(topics), "utf-8")
    return 0


def refusals(committed: dict[str, Any]) -> list[str]:
    """Why the committed schemas (by wire type) may not be replaced by today's; empty when they may."""
    gone = [f"{wire}: an event type may not disappear" for wire in committed if wire not in CATALOGUE]
    return gone + [
        f"{wire}: {line}"
        for wire, schema in committed.items()
        if wire in CATALOGUE
        for line in breaking(schema, schema_of(CATALOGUE[wire]))
    ]


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
