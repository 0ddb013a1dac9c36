"""Finds a person without reading anybody: keyed hashes of normalised values, under a key of their own."""

import hmac
import re
import unicodedata
from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
SOUNDS = {
    letter: digit
    for letters, digit in (("bfpv", "1"), ("cgjkqsxz", "2"), ("dt", "3"), ("l", "4"), ("mn", "5"), ("r", "6"))
    for letter in letters
}
"""The consonant groups of American Soundex (U.S. National Archives, "The Soundex Indexing System")."""
SOUND_LENGTH = 4
SHORTEST_INTERNATIONAL = 11
"""Digits of a British number with its 44: 9 or 10 national ones (Ofcom, National Telephone Numbering Plan)."""


NOT_PLAIN, NOT_DIGITS = re.compile(r"[^a-z0-9]+"), re.compile(r"[^0-9]+")


def _plain(value: str) -> str:
    """Lower-case letters and digits only, without accents: "O'Brien" and "OBRIEN" are one, "Zoë" and "Zoe" too."""
    if value.isascii():
        return NOT_PLAIN.sub("", value.lower())
    decomposed = unicodedata.normalize("NFKD", value).casefold()
    return "".join(letter for letter in decomposed if letter.isalnum())


def _digits(value: str) -> str:
    if value.isascii():
        return NOT_DIGITS.sub("", value)
    return "".join(str(unicodedata.decimal(letter)) for letter in value if letter.isdecimal())


def phone(value: str) -> str:
    """National form where it is British (+44, 0044 or 44 in front, "(0)" after it), else the digits."""
    digits = _digits(value)
    if not value.lstrip().startswith("+"):
        digits = digits.removeprefix("00")
    if digits.startswith("44") and len(digits) >= SHORTEST_INTERNATIONAL:
        return "0" + digits.removeprefix("44").lstrip("0")
    return digits


def sound(name: str) -> str:
    """How a family name sounds: Soundex for Latin letters, the name itself for others, "" for nothing.

    Other scripts and names without a first Latin letter keep their letters: found by the same spelling only.
    """
    letters = _plain(name)
    if not letters.isascii() or not letters[:1].isalpha():
        return letters
    code, last = letters[0], SOUNDS.get(letters[0], "")
    for letter in letters[1:]:
        digit = SOUNDS.get(letter, "")
        if digit and digit != last:
            code += digit
        if letter not in "hw":  # h and w do not part two letters of one group, a vowel does
            last = digit
    return code[:SOUND_LENGTH].ljust(SOUND_LENGTH, "0")


def born_and_named(birth_date: str, family: str) -> str:
    """The value of the index "birth_name": a birth date (ISO) and a family name; "" when one of them is missing."""
    return f"{birth_date} {family}" if birth_date and _plain(family) else ""


def _birth_name(value: str) -> str:
    born, _, family = value.partition(" ")
    day, heard = _digits(born), sound(family)
    return f"{day}/{heard}" if day and heard else ""


NORMAL: Mapping[str, Callable[[str], str]] = {"nhs_number": _digits, "phone": phone, "birth_name": _birth_name}
"""How values of a name are made equal; postcodes and any other name go by their letters and digits."""


TOGETHER = frozenset({"birth_date", "family"})


def normalised(name: str, value: str) -> str:
    """The form under which two writings of the same value are equal; "" for a value that says nothing."""
    return NORMAL.get(name, _plain)(value)


class BlindIndex:
    """Turns values into entries of an index that only the holder of the key can compute; each name has its own key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._keys: dict[str, bytes] = {}

    def entry(self, name: str, value: str) -> str:
        """The index entry of one value: the name and HMAC-SHA256 of the normalised value under the name's key."""
        return self._hashed(name, normalised(name, value))

    def entries(self, values: Mapping[str, str]) -> list[str]:
        """The entries of several values; those that say nothing have none.

        "birth_date" and "family" are kept only together, as "birth_name": alone they would sort people into few groups.
        """
        said = {name: value for name, value in values.items() if name not in TOGETHER}
        if both := born_and_named(values.get("birth_date", ""), values.get("family", "")):
            said["birth_name"] = both
        plain = ((name, normalised(name, value)) for name, value in said.items())
        return [self._hashed(name, form) for name, form in plain if form]

    def _hashed(self, name: str, form: str) -> str:
        return f"{name}:{hmac.digest(self._of(name), form.encode(), 'sha256').hex()}"

    def _of(self, name: str) -> bytes:
        if name not in self._keys:
            info = f"beside/index/{name}".encode()
            self._keys[name] = HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=info).derive(self._key)
        return self._keys[name]
