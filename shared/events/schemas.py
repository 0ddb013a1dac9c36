"""JSON Schemas of what is written on the wire: closed, so that a publisher cannot add a field nobody agreed to."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from shared.events.event import ENVELOPE_FIELDS, Event

Schema = dict[str, Any]
_ITEM_NUMBERS = "^[1-9][0-9]?$"


def schema_of(event: type[Event]) -> Schema:
    """The schema of an event's data as its publisher writes it, without the envelope; nothing is referred to outside.

    Readers are more lenient than this: they ignore fields they do not know.
    """
    schema = event.model_json_schema(mode="serialization", schema_generator=_Untitled)
    for field in ENVELOPE_FIELDS:
        del schema["properties"][field]
    schema["required"] = list(schema["properties"])
    closed = _closed(_inlined(schema, schema.pop("$defs", {})))
    return {"$schema": GenerateJsonSchema.schema_dialect, "title": event.wire, **closed}


class _Untitled(GenerateJsonSchema):
    # Titles only repeat the names of fields.
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    # Keys that are item numbers are said to be; the base class would say "any text".
    def dict_schema(self, schema: Any) -> Schema:
        found = super().dict_schema(schema)
        if schema.get("keys_schema", {}).get("type") == "int":
            found["patternProperties"] = {_ITEM_NUMBERS: found.pop("additionalProperties")}
        return found


def _inlined(node: Any, definitions: dict[str, Schema]) -> Any:
    if isinstance(node, list):
        return [_inlined(part, definitions) for part in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = definitions[node["$ref"].rsplit("/", 1)[1]]
        return _inlined({**target, **{key: part for key, part in node.items() if key != "$ref"}}, definitions)
    return {key: _inlined(part, definitions) for key, part in node.items()}


def _closed(node: Any) -> Any:
    if isinstance(node, list):
        return [_closed(part) for part in node]
    if not isinstance(node, dict):
        return node
    node = {key: part if key in ("default", "enum") else _closed(part) for key, part in node.items()}
    if node.get("type") == "object":
        return _closed_object(node)
    return node


def _closed_object(node: Schema) -> Schema:
    if "properties" in node:
        node.pop("title", None)
        node["required"] = list(node["properties"])
    if "properties" in node or "patternProperties" in node:  # a mapping with any text as key stays open, and is seen
        node["additionalProperties"] = False
    return node
