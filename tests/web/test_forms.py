"""A form is read once, strictly and bounded; what is wrong with it is said in words and never repeats an answer."""

from typing import Literal

import pytest
from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request

from shared.runtime.problems import Refused
from shared.web.forms import LARGEST_FORM, MOST_FIELDS, Fault, Faults, Form, faults_of, form_of

TYPE = "application/x-www-form-urlencoded"


def request(body: bytes, media: str = TYPE) -> Request:
    """A POST with this body."""

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    return Request({"type": "http", "method": "POST", "headers": [(b"content-type", media.encode())]}, receive)


async def read(body: bytes, media: str = TYPE) -> Form:
    """The form in this body."""
    return await form_of(request(body, media))


async def test_a_form_is_its_fields_in_the_order_sent():
    form = await read(b"way=ring&way=group&about=She+said+%C3%BC&empty=")
    assert form.fields == {"way": ["ring", "group"], "about": ["She said ü"], "empty": [""]}
    assert form.one("about") == "She said ü"
    assert form.one("empty") == form.one("absent") == ""
    assert form.all("way") == ["ring", "group"]
    assert form.all("absent") == []


async def test_an_empty_body_is_an_empty_form():
    assert (await read(b"")).fields == {}


@pytest.mark.parametrize("media", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
async def test_another_type_is_refused(media):
    with pytest.raises(Refused) as refused:
        await read(b"a=1", media)
    assert refused.value.status == 415


async def test_a_charset_beside_the_type_is_taken():
    assert (await read(b"a=1", f"{TYPE}; charset=UTF-8")).one("a") == "1"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"a=" + b"x" * LARGEST_FORM, 413),
        (b"&".join(b"a=1" for _ in range(MOST_FIELDS + 1)), 400),
        (b"name", 400),
        (b"a=%FF", 400),
        (b"a=%zz", 400),
        (b"a=%", 400),
        ("a=ü".encode(), 400),
    ],
    ids=["large", "many", "no value", "not utf-8", "no hex", "half", "not escaped"],
)
async def test_what_is_too_much_or_no_form_is_refused_without_repeating_it(body, status):
    with pytest.raises(Refused) as refused:
        await read(body)
    assert refused.value.status == status
    assert "ü" not in refused.value.detail


async def test_one_answer_sent_twice_is_refused():
    with pytest.raises(Refused) as refused:
        (await read(b"code=1&code=2")).one("code")
    assert (refused.value.status, refused.value.code) == (400, "form.repeated")


class Baby(BaseModel):
    due: int


class Asked(BaseModel, extra="forbid"):
    """A made-up form."""

    danger: Literal["yes", "no"]
    about: str = Field(min_length=1, max_length=5)
    baby: Baby


def refusal(**sent: object) -> ValidationError:
    """What pydantic says of a form."""
    with pytest.raises(ValidationError) as invalid:
        Asked.model_validate(sent)
    return invalid.value


def test_each_fault_is_said_once_in_the_pages_words_or_the_shared_ones():
    faults = faults_of(
        refusal(about="Made-up Mary", baby={"due": "soon"}),
        {"danger missing": "Say whether anyone is in danger", "baby-due": "Say when"},
    )
    assert faults.found == (
        Fault("danger", "Say whether anyone is in danger"),
        Fault("about", "Write less here"),
        Fault("baby-due", "Say when"),
    )
    assert faults.summary[0] == {"text": "Say whether anyone is in danger", "href": "#danger"}
    assert faults.of("about") == {"text": "Write less here"}
    assert faults.of("code") is None
    assert "Mary" not in repr(faults)


def test_a_field_that_somebody_made_up_is_not_repeated():
    faults = faults_of(refusal(danger="yes", about="x", baby={"due": 1}, **{"Made-up Mary": 1}), {})
    assert faults.found == (Fault("unknown-field", "Check this answer"),)


def test_no_fault_is_nothing():
    assert not Faults()
    assert Faults((Fault("a", "b"),))
