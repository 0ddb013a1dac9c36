"""The master key behind a port: it wraps each person's data key; a file here, a key service in production."""

from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


class MasterKey(Protocol):
    """Wraps and opens data keys, and derives keys for other uses."""

    @property
    def id(self) -> str:
        """Names this master key, so that a wrapped key says what opens it."""
        ...

    def wrap(self, key: bytes, nonce: bytes, bound_to: bytes) -> bytes:
        """Encrypt a data key; `bound_to` must be said again to open it."""
        ...

    def unwrap(self, wrapped: bytes, nonce: bytes, bound_to: bytes) -> bytes:
        """Open a data key. Raises `cryptography.exceptions.InvalidTag` for another master key or binding."""
        ...

    def derived(self, use: str) -> bytes:
        """A key of 32 bytes for one other use."""
        ...


class FileMasterKey:
    """A master key of 32 random bytes in a file that only the service's user may read. For local use."""

    def __init__(self, path: Path) -> None:
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            raise ValueError(f"the key file must hold {KEY_BYTES} bytes")
        self._key = key
        self._cipher = AESGCM(self.derived("wrap"))

    @property
    def id(self) -> str:
        """A fingerprint of the key, which gives nothing of it away."""
        return self.derived("fingerprint").hex()[:16]

    def wrap(self, key: bytes, nonce: bytes, bound_to: bytes) -> bytes:
        """See `MasterKey.wrap`."""
        return self._cipher.encrypt(nonce, key, bound_to)

    def unwrap(self, wrapped: bytes, nonce: bytes, bound_to: bytes) -> bytes:
        """See `MasterKey.unwrap`."""
        return self._cipher.decrypt(nonce, wrapped, bound_to)

    def derived(self, use: str) -> bytes:
        """HKDF-SHA256 of the master key, one for each use."""
        return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=f"beside/{use}".encode()).derive(self._key)
