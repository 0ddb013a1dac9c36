"""Looks for words in bytes, in whatever form a program may have written them down."""

import base64
import json
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

SHORTEST = 6
"""Characters; a shorter word is found by chance, in ids and numbers."""


class Canaries:
    """Words that nobody else uses. Letters and digits count, spacing and case do not."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = sorted(set(words))
        assert all(len(word) >= SHORTEST for word in self.words), "too short to be told from chance"
        self._by_form = {form: word for word in self.words for form in forms(word)}

    def found_in(self, data: bytes) -> set[str]:
        """The words that stand in `data`."""
        folded = _folded(data)
        return {word for form, word in self._by_form.items() if form in data or form in folded}


def forms(word: str) -> set[bytes]:
    """How a word may be written: as it is and folded, in JSON, URLs, hexadecimal and base64 at any place of a text."""
    plain, folded = word.encode(), _folded(word.encode())
    texts = {plain, folded, _folded(json.dumps(word)[1:-1].encode())}
    for text in (word, word.lower()):
        texts |= {quote(text, safe="").encode(), quote_plus(text).encode(), text.encode().hex().encode()}
    return texts | {inner for text in (plain, folded) for inner in _base64(text)}


def _folded(data: bytes) -> bytes:
    return b"".join(data.lower().split())


def _base64(text: bytes) -> Iterable[bytes]:
    """The characters that are the same whatever stands before and after the text, for its three alignments."""
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + text)
        start, end = -(-shift * 8 // 6), (shift + len(text)) * 8 // 6
        inner = encoded[start:end]
        if len(inner) >= SHORTEST:
            yield inner
