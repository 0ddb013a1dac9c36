"""Random names that only their bearer knows; what is stored is their hash, of no use to whoever reads it."""

import hashlib
import secrets

BYTES = 32


def fresh() -> str:
    """A new one, 43 characters that may stand in a cookie or an address."""
    return secrets.token_urlsafe(BYTES)


def stored(secret: str) -> str:
    """Under what it is kept. No salt and no stretching: 256 random bits cannot be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()
