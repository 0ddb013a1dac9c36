"""Where a running stack can be reached and who can sign in there, as its stack.json says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Stack:
    """The addresses a caller needs; with a named issuer nobody is said to be able to sign in."""

    services: Mapping[str, str]
    kafka: str
    mail: str
    issuer: str
    clients: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    users: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)


def described(folder: Path) -> Stack:
    """Read what the stack that runs in `folder` says of itself."""
    return stack_of(json.loads((folder / "stack.json").read_text()))


def stack_of(said: Mapping[str, Any]) -> Stack:
    """What a caller needs of a stack.json."""
    return Stack(**{name: said[name] for name in ("services", "kafka", "mail", "issuer", "clients", "users")})
