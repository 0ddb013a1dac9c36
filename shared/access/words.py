"""Short words that people remember: a PIN, a second word. Kept stretched: a stolen copy gives few of them away."""

import asyncio
import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode

# scrypt at about 16 MiB and 40 ms (RFC 7914, section 2).
_COST, _BLOCK, _PARALLEL, _LENGTH, _SALT = 2**14, 8, 1, 32, 16


async def kept(word: str) -> str:
    """How a word is kept: `<salt>$<scrypt>`, both base64. Its case and outer spaces do not count."""
    salt = secrets.token_bytes(_SALT)
    stretched = await asyncio.to_thread(_stretched, word, salt)
    return f"{b64encode(salt).decode()}${b64encode(stretched).decode()}"


async def fits(word: str, kept_as: str) -> bool:
    """Whether this is the word."""
    salt, _, wanted = kept_as.partition("$")
    said = await asyncio.to_thread(_stretched, word, b64decode(salt))
    return hmac.compare_digest(said, b64decode(wanted))


def _stretched(word: str, salt: bytes) -> bytes:
    plain = " ".join(word.split()).casefold().encode()
    return hashlib.scrypt(plain, salt=salt, n=_COST, r=_BLOCK, p=_PARALLEL, dklen=_LENGTH)
