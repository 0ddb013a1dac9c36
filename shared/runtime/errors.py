"""Why the plumbing could not do what was asked.

Failure
├── Overloaded      the queue is full or too slow: ask again later (503)
├── Unavailable     the database did not confirm in time (503)
│   └── JournalBehind   a backup was put back, and what the world was told since is not in it yet (503)
├── KeyReused       the key or claim was used for another body (422)
├── TooLarge        an event or a body is larger than one may be (413)
└── UnknownHistory  a stream holds an event this version of the service does not know (503)
"""


class Failure(Exception):
    """The plumbing's own failures; decisions say no with `Rejected` instead."""


class Overloaded(Failure):
    """Too much is waiting already."""


class Unavailable(Failure):
    """The store did not confirm before the deadline; the outcome is unknown and the input may be sent again."""


class JournalBehind(Unavailable):
    """Kafka holds events of commits that the journal lacks; `recover` brings them back. The message names one.

    `epoch` is the highest that Kafka speaks of.
    """

    def __init__(self, commit: str = "", epoch: int = 0) -> None:
        super().__init__(commit)
        self.epoch = epoch


class KeyReused(Failure):
    """This key was used before for a different request."""


class UnknownHistory(Failure):
    """A stream cannot be folded here, because a newer service wrote to it."""


class TooLarge(Failure):
    """An event or a body is larger than one may be."""
