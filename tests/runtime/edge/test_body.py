"""JSON is read in one way only, digests see through spacing, keys have one form."""

import json
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request

from shared.runtime.body import DEEPEST, claim_for, digest_of, idempotency_key, parse, require_media, strict_json
from shared.runtime.problems import Refused

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


class Thing(BaseModel):
    """A body."""

    model_config = ConfigDict(extra="forbid")

    count: int
    inner: dict[str, int] = {}


def _nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"nul", b"{} {}", b"\xef\xbb\xbf{}", "{}".encode("utf-16"), b'{"a": "\xff"}', b'{"a":1,"a":1}',
        b'[{"b":{"a":1,"a":2}}]', b"NaN", b"[Infinity]", b"[-Infinity]", b"[1e999]", b"[-1e999]", b'"\\ud800"',
        b'{"\\udc00":1}', b'["\\ud83d x"]', b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5_000, b"'a'", b"[1,]",
        b'"\x01"', _nested(DEEPEST + 1),
    ],
    ids=lambda body: repr(body[:16]),
)  # fmt: skip
def test_what_readers_could_read_differently_is_refused(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        strict_json(body)

    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b"[1.5]", [1.5]),
        (b' {"a": null} ', {"a": None}),
        ("ü".join('""').encode(), "ü"),
    ],
)
def test_good_json_is_read(body: bytes, value: object) -> None:
    assert strict_json(body) == value


def test_the_deepest_nesting_is_read() -> None:
    assert strict_json(_nested(DEEPEST)) is not None


@given(VALUES, st.sampled_from([None, 1, 4]))
def test_a_digest_sees_through_spacing_but_not_through_change(value: object, indent: int | None) -> None:
    body, spaced = json.dumps({"v": value}).encode(), json.dumps({"v": value}, indent=indent).encode()

    assert digest_of(body, key=b"k") == digest_of(spaced, key=b"k")
    assert digest_of(body, key=b"k") != digest_of(json.dumps({"v": [value]}).encode(), key=b"k")
    assert digest_of(body, key=b"k") != digest_of(body, key=b"other")


def test_a_digest_of_no_json_is_of_its_bytes() -> None:
    digest = partial(digest_of, key=b"k")

    assert digest(b"\xff{") == digest(b"\xff{") != digest(b"\xff{ ")


def test_faults_name_fields_and_never_values() -> None:
    with pytest.raises(Refused) as refused:
        parse(Thing, b'{"count": "Aurelia", "inner": {"Aurelia Test": "x"}, "07700900123": 1, "nhs_number": 2}')

    assert refused.value.status == 422
    assert sorted((fault["field"], fault["reason"]) for fault in refused.value.errors) == [
        ("count", "int_parsing"),
        ("inner.unknown field", "int_parsing"),
        ("nhs_number", "extra_forbidden"),
        ("unknown field", "extra_forbidden"),
    ]
    assert "Aurelia" not in bytes(refused.value.answer().body).decode()


@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"', b"null"])
def test_a_body_that_is_no_object_is_named_body(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        parse(Thing, body)

    assert [fault["field"] for fault in refused.value.errors] == ["body"]


def _request(**headers: str) -> Request:
    raw = [(name.replace("_", "-").lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    return Request({"type": "http", "headers": raw})


@pytest.mark.parametrize(
    "media", ["application/json", "Application/JSON ; charset=UTF-8", 'application/json;charset="utf-8"']
)
def test_json_is_taken_however_its_type_is_written(media: str) -> None:
    require_media(_request(content_type=media))


@pytest.mark.parametrize("media", ["", "text/plain", "application/jsonp", "application/json; charset=latin-1", "json"])
def test_another_type_is_refused_with_what_is_taken(media: str) -> None:
    with pytest.raises(Refused) as refused:
        require_media(_request(content_type=media))

    assert (refused.value.status, refused.value.headers["Accept-Post"]) == (415, "application/json")


@pytest.mark.parametrize(
    ("key", "good"),
    [
        ("x" * 8, True), ("x" * 64, True), ("x" * 7, False), ("x" * 65, False), ("", False), ("a b c d e f", False),
        ("é" * 10, False), ("x" * 8 + "\n", False),
    ],
)  # fmt: skip
def test_a_key_has_8_to_64_visible_characters(key: str, good: bool) -> None:
    request = _request(idempotency_key=key)
    if good:
        assert idempotency_key(request) == key
        return
    with pytest.raises(Refused) as refused:
        idempotency_key(request)
    assert refused.value.status == 400
    assert refused.value.errors[0]["field"] == "Idempotency-Key"


def test_a_claim_names_client_operation_and_key() -> None:
    claim = claim_for("local", "create", "Quillfeather-Test")

    assert claim == claim_for("local", "create", "Quillfeather-Test") != claim_for("local", "create", "another-key")
    assert "Quillfeather" not in claim
