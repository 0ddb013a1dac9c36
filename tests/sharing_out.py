"""Shares tests out among workers: whatever starts whole stacks to one of them, and first; every other file to any.

Two stacks that start at once on a small machine make each other late; a long file begun last would keep one worker busy
after all others have ended. Fixtures of a session or module are made once, because a file is never split.
"""

from pathlib import PurePosixPath
from typing import Any

from xdist.scheduler.loadscope import LoadScopeScheduling

STACKS = "stacks"
_START_STACKS = {"faults", "local", "privacy", "stack", "signing"}
"""Parts of the paths of tests that start several servers of their own."""


class StacksFirst(LoadScopeScheduling):  # type: ignore[misc]
    """A scope is a file, or all files that start stacks; those first, then the files with most tests."""

    def _split_scope(self, nodeid: str) -> str:
        path = PurePosixPath(nodeid.partition("::")[0])
        return STACKS if _START_STACKS & {*path.parts, *path.stem.split("_")} else str(path)

    def _assign_work_unit(self, node: Any) -> None:
        if STACKS in self.workqueue:
            self.workqueue.move_to_end(STACKS, last=False)
        super()._assign_work_unit(node)
