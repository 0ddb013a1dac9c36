"""How each service answers a request to erase a person: done, or withheld on a named basis (SAFETY S15)."""

from datetime import date

from shared.events.codes import Code
from shared.events.event import Event


class DataErased(Event):
    """The service has destroyed what it held about the case's person."""


class ErasureWithheld(Event):
    """The service keeps what it holds, on `basis`, until it is looked at again."""

    basis: Code
    review_on: date | None = None
