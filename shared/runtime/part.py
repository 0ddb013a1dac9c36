"""A background part of a service: something that runs until it is cancelled, and is started again if it falls."""

from typing import Protocol


class Part(Protocol):
    """One supervised loop; `run` may raise, the supervisor starts it again with back-off."""

    name: str

    async def run(self) -> None:
        """Run until cancelled."""
        ...
