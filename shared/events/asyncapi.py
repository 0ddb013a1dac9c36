"""The AsyncAPI 3.0 document of every event on Kafka, made from the catalogue and the topics file.

The topic of the audit's heads carries no event and is not in it: docs/audit.md says what a head is.
"""

from typing import Any

import yaml

from shared.events.catalogue import CATALOGUE, URGENT, topics_of
from shared.events.cloudevents import CONTENT_TYPE, REQUIRED, SPECVERSION
from shared.events.event import Event
from shared.events.schemas import Schema, schema_of
from shared.events.shapes import CODE_PATTERN

BINDING = "0.5.0"
_UUID: Schema = {"type": "string", "format": "uuid"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_CODE: Schema = {"type": "string", "pattern": CODE_PATTERN}
ENVELOPE: dict[str, Schema] = {
    "ce_specversion": {"type": "string", "const": SPECVERSION},
    "ce_id": {**_UUID, "description": "computed from epoch, stream and version: the same event has the same id"},
    "ce_source": {"type": "string", "description": "/<service>/<kind>/<id>; order and repeats are judged per source"},
    "ce_type": {"type": "string", "description": "<service>.<event>.v<version>"},
    "ce_subject": {**_UUID, "description": "the case, where the event is about one"},
    "ce_sequence": {"type": "string", "pattern": "^[0-9]{10}$", "description": "version in the source, without gaps"},
    "ce_time": {**_TIME, "description": "when it happened, which may be before it was entered"},
    "ce_recordedtime": {**_TIME, "description": "when it was recorded"},
    "ce_provider": _CODE,
    "ce_site": _CODE,
    "ce_correlationid": _UUID,
    "ce_causationid": {**_UUID, "description": "what led to this event"},
    "ce_epoch": {"type": "string", "pattern": "^[0-9]{1,18}$", "description": "a restored database starts a new one"},
    "ce_commit": {"type": "string", "description": "the commit that holds the event, from which it can be rebuilt"},
    "ce_claims": {"type": "string", "description": "JSON list of the values the commit made unique for ever"},
    "traceparent": {"type": "string", "pattern": "^00-[0-9a-f]{32}-[0-9a-f]{16}-01$"},
    "content-type": {"type": "string", "const": CONTENT_TYPE},
}


def document(topics_text: str) -> dict[str, Any]:
    """The document as plain values; `topics_text` is the text of deploy/topics.yaml."""
    read = yaml.safe_load(topics_text)
    topics = {name: topic for name, topic in read["topics"].items() if messages_on(name)}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Beside events",
            "version": "1.0.0",
            "description": "Facts the services of Beside publish: ids, codes, bands, scores and dates, never "
            "identities or free text. Pseudonymised personal data. Generated; do not edit.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {name: _channel(name, topic, read["settings"]) for name, topic in topics.items()},
        "operations": _operations(topics),
        "components": {
            "messages": {wire: _message(wire, event) for wire, event in sorted(CATALOGUE.items())},
            "schemas": {
                "envelope": {
                    "type": "object",
                    "description": "CloudEvents 1.0, binary mode, as Kafka headers",
                    "properties": ENVELOPE,
                    "required": [*REQUIRED, "content-type"],
                }
            },
        },
    }


def render(document: dict[str, Any]) -> str:
    """The document as YAML text, without aliases, in its own order."""
    return yaml.dump(document, Dumper=_Plain, sort_keys=False, width=120, allow_unicode=True)


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def messages_on(topic: str) -> list[str]:
    """The wire types that are relayed to a topic."""
    return sorted(wire for wire in CATALOGUE if topic in topics_of(wire))


def _channel(name: str, topic: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "address": name,
        "description": f"Key: {topic['key']}. Kept for ever, never compacted.",
        "messages": {wire: {"$ref": f"#/components/messages/{wire}"} for wire in messages_on(name)},
        "bindings": {
            "kafka": {
                "topic": name,
                "partitions": settings["partitions"],
                "topicConfiguration": {
                    "cleanup.policy": [settings["cleanup.policy"]],
                    "retention.ms": settings["retention.ms"],
                    "max.message.bytes": settings["max.message.bytes"],
                },
                "bindingVersion": BINDING,
            }
        },
    }


def _operations(topics: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, topic in topics.items():
        channel = {"$ref": f"#/channels/{name}"}
        for service in topic["producers"]:
            sent = [wire for wire in messages_on(name) if wire.startswith(f"{service}.")]
            references = [{"$ref": f"#/channels/{name}/messages/{wire}"} for wire in sent]
            found[f"{service}.sends.{name}"] = {"action": "send", "channel": channel, "messages": references}
        for group, service in topic["consumers"].items():
            bindings = {"kafka": {"groupId": {"type": "string", "const": group}, "bindingVersion": BINDING}}
            found[f"{service}.hears.{name}"] = {"action": "receive", "channel": channel, "bindings": bindings}
    return found


def _message(wire: str, event: type[Event]) -> dict[str, Any]:
    payload = {key: part for key, part in schema_of(event).items() if key not in ("$schema", "title", "description")}
    return {
        "name": wire,
        "title": event.__name__,
        "summary": (event.__doc__ or "").strip(),
        "contentType": CONTENT_TYPE,
        "headers": {"$ref": "#/components/schemas/envelope"},
        "payload": payload,
        "correlationId": {"location": "$message.header#/ce_correlationid"},
        "tags": [{"name": wire.split(".", 1)[0]}, *([{"name": "urgent"}] if wire in URGENT else [])],
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": "the case, or the stream's own id where there is none"},
                "bindingVersion": BINDING,
            }
        },
    }
