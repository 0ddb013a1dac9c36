"""The event map for people: who says what, who hears it, and which fields it carries."""

from typing import Any

import yaml

from shared.events.catalogue import CATALOGUE, SERVICES, URGENT, topics_of
from shared.events.event import ENVELOPE_FIELDS, Event
from shared.events.fields import FIELDS

_HEAD = """# Event map

Generated from `shared/events` and `deploy/topics.yaml` by `python -m tests.events.rewrite_snapshots`; do not edit.

Each service publishes its own events on `<service>.events`, keyed by case. Events marked **urgent** also travel on
`safeguarding.signals` and are pushed to safeguarding directly. "Read by" names the services that read the topic; each
ignores the types it has no use for. Every event also carries the envelope: id, source, version in its source, case,
time it happened, time it was recorded, provider, site, cause, correlation. `?` marks a field that may be absent or
empty.
"""
_FIELDS_HEAD = """
## Fields

Everything that may be on Kafka. It is pseudonymised personal data; a field that is not here fails the build.

| field | kind | why it is there |
|---|---|---|
"""


def event_map(topics_text: str) -> str:
    """The whole page as Markdown; `topics_text` is the text of deploy/topics.yaml."""
    topics = yaml.safe_load(topics_text)["topics"]
    sections = "".join(_section(service, topics) for service in SERVICES)
    fields = "".join(f"| `{name}` | {field.kind} | {field.why} |\n" for name, field in FIELDS.items())
    return _HEAD + sections + _FIELDS_HEAD + fields


def _section(service: str, topics: dict[str, Any]) -> str:
    owned = [(wire, event) for wire, event in CATALOGUE.items() if wire.startswith(f"{service}.")]
    head = f"\n## {service}\n\n| event | says | fields | read by |\n|---|---|---|---|\n"
    return head + "".join(_row(wire, event, topics) for wire, event in owned)


def _row(wire: str, event: type[Event], topics: dict[str, Any]) -> str:
    readers = dict.fromkeys(service for topic in topics_of(wire) for service in topics[topic]["consumers"].values())
    fields = [
        f"`{name}`{'' if field.is_required() else '?'}"
        for name, field in event.model_fields.items()
        if name not in ENVELOPE_FIELDS
    ]
    name = f"`{wire}`" + (" **urgent**" if wire in URGENT else "")
    says = " ".join((event.__doc__ or "").split())
    return f"| {name} | {says} | {', '.join(fields) or '-'} | {', '.join(readers)} |\n"
