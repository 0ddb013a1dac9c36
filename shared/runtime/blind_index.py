"""Finds a person without reading anybody: keyed hashes of normalised values, under a key of their own."""

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping


def _letters_and_digits(value: str) -> str:
    plain = unicodedata.normalize("NFKD", value).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def normalised(name: str, value: str) -> str:
    """The form under which two writings of the same value are equal; telephone numbers without +44 or 0044."""
    plain = _letters_and_digits(value)
    if name == "phone":
        digits = "".join(letter for letter in plain if letter.isdigit())
        for prefix in ("0044", "44"):
            if digits.startswith(prefix) and len(digits) > 11 - (prefix == "44"):
                return "0" + digits[len(prefix) :].lstrip("0")
        return digits
    return plain


class BlindIndex:
    """Turns values into entries of an index that only the holder of the key can compute."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def entry(self, name: str, value: str) -> str:
        """The index entry of one value."""
        said = f"{name}={normalised(name, value)}".encode()
        return f"{name}:{hmac.new(self._key, said, hashlib.sha256).hexdigest()}"

    def entries(self, values: Mapping[str, str]) -> list[str]:
        """The entries of several values; empty ones have none."""
        return [self.entry(name, value) for name, value in values.items() if normalised(name, value)]
