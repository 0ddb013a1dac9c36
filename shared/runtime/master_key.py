"""The master key behind a port: it wraps each person's data key; files here, a key service in production.

Beside the master key stands a second secret that rotation leaves alone: what searching and digests are derived from.
"""

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


class UnknownMaster(Exception):
    """A data key was wrapped by a master key that is not here: it was destroyed, or this is another service's."""


class MasterKey(Protocol):
    """Wraps and opens data keys, and derives keys for other uses."""

    @property
    def id(self) -> str:
        """Names the master key that wraps now, so that a wrapped key says what opens it."""
        ...

    def wrap(self, key: bytes, nonce: bytes, bound_to: bytes) -> bytes:
        """Encrypt a data key; `bound_to` must be said again to open it."""
        ...

    def unwrap(self, wrapped: bytes, nonce: bytes, bound_to: bytes, *, by: str) -> bytes:
        """Open a data key that master key `by` wrapped.

        Raises `UnknownMaster`, or `cryptography.exceptions.InvalidTag` for another binding.
        """
        ...

    def derived(self, use: str) -> bytes:
        """A key of 32 bytes for one other use; it outlives rotation."""
        ...


class FileMasterKey:
    """Master keys in files that only the service's user may read, 32 random bytes each. For one machine.

    `path` is the key in force, `<path>.old` the one before while a rotation is under way, `<path>.index` the secret
    that does not rotate. A running process takes up a rotation by another one before its next use of a key.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._old = path.with_name(f"{path.name}.old")
        self._stamp: tuple[int, int] | None = None
        self._ciphers: dict[str, AESGCM] = {}
        self._id = ""
        self._look()
        self._secret = _made_once(path.with_name(f"{path.name}.index"))

    @property
    def id(self) -> str:
        """A fingerprint of the key in force, which gives nothing of it away."""
        self._look()
        return self._id

    def wrap(self, key: bytes, nonce: bytes, bound_to: bytes) -> bytes:
        """See `MasterKey.wrap`."""
        return self._ciphers[self.id].encrypt(nonce, key, bound_to)

    def unwrap(self, wrapped: bytes, nonce: bytes, bound_to: bytes, *, by: str) -> bytes:
        """See `MasterKey.unwrap`."""
        self._look()
        if by not in self._ciphers:
            raise UnknownMaster(by)
        return self._ciphers[by].decrypt(nonce, wrapped, bound_to)

    def derived(self, use: str) -> bytes:
        """HKDF-SHA256 of the secret that does not rotate, one for each use."""
        return _derive(self._secret, f"beside/{use}")

    @property
    def rotating(self) -> bool:
        """Whether the key before is still kept."""
        return self._old.exists()

    @property
    def in_force_since(self) -> datetime:
        """When the key in force was made (UTC)."""
        return datetime.fromtimestamp(self._path.stat().st_mtime, UTC)

    def rotate(self) -> str:
        """Put a new key in force and keep the one before as `.old`; returns the new key's id.

        Then rewrap every living key (`Vault.rewrap`) until none is left, then `destroy_old`. Raises
        `FileExistsError` while an earlier rotation is not finished.
        """
        fresh = self._path.with_name(f"{self._path.name}.new")
        fresh.unlink(missing_ok=True)
        _write(fresh, secrets.token_bytes(KEY_BYTES))
        os.link(self._path, self._old)
        fresh.replace(self._path)
        return self.id

    def destroy_old(self) -> None:
        """Overwrite and remove the key before: what only it opens (backups, copies) is unreadable from now on."""
        if self._old.exists() and not self._old.samefile(self._path):
            with self._old.open("r+b") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
                os.fsync(file.fileno())
        self._old.unlink(missing_ok=True)
        self._stamp = None
        self._look()

    def _look(self) -> None:
        """Read the key files again when the one in force is another file than last time."""
        found = self._path.stat()
        if self._stamp == (found.st_ino, found.st_mtime_ns):
            return
        current = _read(self._path)
        before = [_read(self._old)] if self._old.exists() else []
        self._ciphers = {_fingerprint(key): AESGCM(_derive(key, "beside/wrap")) for key in (*before, current)}
        self._id = _fingerprint(current)
        self._stamp = (found.st_ino, found.st_mtime_ns)


def _derive(key: bytes, info: str) -> bytes:
    return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=info.encode()).derive(key)


def _fingerprint(key: bytes) -> str:
    return _derive(key, "beside/fingerprint").hex()[:16]


def _read(path: Path) -> bytes:
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key file must hold {KEY_BYTES} bytes")
    return key


def _write(path: Path, key: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(file, key)
        os.fsync(file)
    finally:
        os.close(file)


def _made_once(path: Path) -> bytes:
    """The secret in `path`, made when it is missing; of two processes that make it at once, both read one's."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        _write(draft, secrets.token_bytes(KEY_BYTES))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return _read(path)
