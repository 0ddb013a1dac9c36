"""A file of whole lines, on disk when an append returns; several processes may share it, and any may be killed."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ENDS = 1 << 16
"""Bytes looked back for a line's end. Every line is shorter."""


class LineFile:
    """Only this user may read it. Its methods block on the disk: call them in a thread."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, lines: Sequence[bytes]) -> None:
        """Add lines, all or none, and wait for the disk. Raises `OSError`.

        What a power cut left of a line is taken off first: nobody was told that it was kept.
        """
        text = b"".join(line + b"\n" for line in lines)
        with self._open() as file:
            end = _whole(file)
            os.ftruncate(file, end)
            try:
                _write(file, text)
            except OSError:
                os.ftruncate(file, end)
                raise
            os.fsync(file)

    def read(self, start: int = 0, *, most: int = 1 << 20) -> tuple[list[bytes], int]:
        """Whole lines from byte `start`, of about `most` bytes, and the byte behind them; none without a file."""
        try:
            with self.path.open("rb") as file:
                file.seek(start)
                text = file.read(most)
                text += b"" if text.endswith(b"\n") else file.readline()
        except FileNotFoundError:
            return [], start
        whole = text[: text.rfind(b"\n") + 1]
        return whole.split(b"\n")[:-1], start + len(whole)

    def size(self) -> int:
        """Bytes; 0 when there is no file."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def empty(self, read: int) -> bool:
        """Make it empty if it holds no more than the `read` bytes that were dealt with; says whether it did."""
        with self._open() as file:
            if _whole(file) > read:
                return False
            os.ftruncate(file, 0)
            os.fsync(file)
        return True

    @contextmanager
    def _open(self) -> Iterator[int]:
        """The file, made when it is missing, while nobody else writes to it."""
        new = not self.path.exists()
        if new:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if new:
                _keep_name(self.path.parent)
            yield file
        finally:
            os.close(file)


def write_whole(path: Path, text: bytes) -> None:
    """Put `text` in the file's place, all or nothing, and wait for the disk."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        _write(file, text)
        os.fsync(file)
    finally:
        os.close(file)
    draft.replace(path)
    _keep_name(path.parent)


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Whether this process has the file's lock for the block; it goes with the process, however that ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(file)


def _whole(file: int) -> int:
    """How many bytes are whole lines. Raises `OSError` for a file that is none of ours."""
    size = os.fstat(file).st_size
    start = max(0, size - ENDS)
    end = os.pread(file, size - start, start).rfind(b"\n") + 1
    if start and not end:
        raise OSError("its last line is longer than any of ours")
    return start + end


def _write(file: int, text: bytes) -> None:
    while text:
        text = text[os.write(file, text) :]


def _keep_name(folder: Path) -> None:
    """A new file's name is on disk only when its folder is."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
