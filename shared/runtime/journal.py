"""What the executor asks of the journal it writes to: which epoch it is in, and whether it may be written now."""

from typing import Protocol


class Journal(Protocol):
    """What the executor asks before it takes an input and when it writes a commit."""

    @property
    def epoch(self) -> int:
        """The epoch that new commits carry."""
        ...

    def takes(self, stream: str) -> bool:
        """Whether an input to this stream may be decided now."""
        ...


class Unbroken:
    """A journal that was never restored: tests, and stores without a database."""

    def __init__(self, epoch: int = 0) -> None:
        self.epoch = epoch

    def takes(self, stream: str) -> bool:
        """Everything."""
        return True
