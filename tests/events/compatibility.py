"""Which changes of an event's schema break it: only a new field with a default may join a version."""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
_WORDS = {"description", "title"}
_ABSENT = object()  # not None: null is a default of its own


def breaking(old: Schema, new: Schema, place: str = "data") -> Iterator[str]:
    """One line per change that an old reader, or a reader of old data, would stumble over."""
    if old.get("type") == "object" and "properties" in old and new.get("type") == "object":
        yield from _object(old, new, place)
        return
    for keyword in sorted((old.keys() | new.keys()) - _WORDS):
        yield from _keyword(old.get(keyword, _ABSENT), new.get(keyword, _ABSENT), f"{place}.{keyword}")


def _object(old: Schema, new: Schema, place: str) -> Iterator[str]:
    before, after = old["properties"], new.get("properties", {})
    yield from (f"{place}.{name}: removed" for name in before if name not in after)
    for name, schema in after.items():
        if name in before:
            yield from breaking(before[name], schema, f"{place}.{name}")
        elif "default" not in schema:
            yield f"{place}.{name}: new, and without a default"


def _keyword(old: Any, new: Any, place: str) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from breaking(old, new, place)
    elif place.endswith(".anyOf") and isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from breaking(before, after, f"{place}.{index}")
    elif old != new:
        yield f"{place}: changed"
