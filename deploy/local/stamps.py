"""Marks of finished set-up steps, each keyed on the hash of what the step was made from.

A mark appears by an atomic rename after its step has ended, so an interrupted step has none and runs again.
"""

import hashlib
from pathlib import Path


def key_of(*inputs: Path | str) -> str:
    """The hash of file contents and plain strings, in the order given."""
    digest = hashlib.sha256()
    for item in inputs:
        part = item.read_bytes() if isinstance(item, Path) else item.encode()
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def is_done(mark: Path, key: str) -> bool:
    """Whether the step with this mark ended for exactly these inputs."""
    try:
        return mark.read_text() == key
    except OSError:
        return False


def set_done(mark: Path, key: str) -> None:
    """Record that the step has ended."""
    mark.parent.mkdir(parents=True, exist_ok=True)
    partial = mark.with_name(f"{mark.name}.partial")
    partial.write_text(key)
    partial.replace(mark)
