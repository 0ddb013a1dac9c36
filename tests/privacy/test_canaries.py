"""The search finds a word in every form it is supposed to, or its silence would mean nothing."""

import base64
import gzip
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.privacy.canaries import Canaries

NAME, PHONE = "Zephyrine O’Quill-Test", "07700 900123"
CANARIES = Canaries([NAME, PHONE])
WRITTEN: dict[str, Callable[[str], bytes]] = {
    "as it is": lambda word: word.encode(),
    "in capitals": lambda word: word.upper().encode(),
    "without spaces": lambda word: word.replace(" ", "").encode(),
    "in JSON": lambda word: json.dumps({"a": word}).encode(),
    "in a URL": lambda word: f"/find?name={quote(word)}".encode(),
    "in hexadecimal": lambda word: word.encode().hex().encode(),
    "base64": lambda word: base64.b64encode(word.encode()),
    "base64, one byte in": lambda word: base64.b64encode(b"x" + word.encode() + b"yz"),
    "base64, two bytes in": lambda word: base64.b64encode(b"xy" + word.encode()),
}


@pytest.mark.parametrize("form", sorted(WRITTEN))
@pytest.mark.parametrize("word", [NAME, PHONE])
def test_a_word_is_found_however_it_is_written(form: str, word: str) -> None:
    assert CANARIES.found_in(b"before " + WRITTEN[form](word) + b" after") == {word}


@pytest.mark.parametrize("other", [b"07700 900124", b"Zephyr", gzip.compress(NAME.encode(), mtime=0), b""])
def test_nothing_else_is_found(other: bytes) -> None:
    assert CANARIES.found_in(other) == set()
