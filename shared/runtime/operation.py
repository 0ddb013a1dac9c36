"""What a route does, by name: whoever decides who may do what reads it here, and a route without one does not start."""

from collections.abc import Callable
from typing import Any, TypeVar

E = TypeVar("E", bound=Callable[..., Any])
_ATTRIBUTE = "__operation__"


def performs(operation: str) -> Callable[[E], E]:
    """Mark an endpoint with the operation it performs ("triage.decide")."""

    def mark(endpoint: E) -> E:
        setattr(endpoint, _ATTRIBUTE, operation)
        return endpoint

    return mark


def operation_of(endpoint: Callable[..., Any]) -> str | None:
    """The operation an endpoint performs; None where nobody said."""
    found: str | None = getattr(endpoint, _ATTRIBUTE, None)
    return found
