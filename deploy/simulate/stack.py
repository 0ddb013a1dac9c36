"""Where a running stack can be reached, as its stack.json says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Stack:
    """The addresses a caller needs."""

    services: Mapping[str, str]
    kafka: str
    mail: str


def described(folder: Path) -> Stack:
    """Read the addresses of the stack that runs in `folder`."""
    said = json.loads((folder / "stack.json").read_text())
    return Stack(services=said["services"], kafka=said["kafka"], mail=said["mail"])
