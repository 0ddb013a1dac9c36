"""What the guards look at: the Python files of a tree, parsed, and the text files that are or would be committed."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PRODUCTION = ("services", "shared", "deploy")
EVERYTHING = (*PRODUCTION, "tests", "benchmarks")


@dataclass(frozen=True)
class Source:
    """One Python file."""

    root: Path
    path: Path

    @property
    def name(self) -> str:
        """Its path in the tree, with forward slashes."""
        return self.path.relative_to(self.root).as_posix()

    @cached_property
    def text(self) -> str:
        """Its text."""
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.text, filename=self.name)


def python_files(root: Path, folders: tuple[str, ...] = EVERYTHING) -> Iterator[Source]:
    """The Python files below some folders of a tree."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            yield Source(root, path)


def committed_files(root: Path) -> list[Path]:
    """The files that git has or would add; in a tree without git, all of them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=False,
        text=True,
    )
    if listed.returncode != 0:
        return sorted(path for path in root.rglob("*") if path.is_file())
    return [path for name in listed.stdout.split("\0") if name and (path := root / name).is_file()]
