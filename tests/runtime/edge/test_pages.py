"""Pages escape what they show, load nothing from elsewhere, and are kept nowhere."""

import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from jinja2 import UndefinedError

from shared.web.pages import HEADERS, HERE, STYLE, Pages, style_routes


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    (tmp_path / "hello.html").write_text('{% extends "base.html" %}{% block main %}<h1>{{ name }}</h1>{% endblock %}')
    return Pages(tmp_path)


def test_a_page_escapes_what_it_is_given_and_is_kept_nowhere(pages: Pages) -> None:
    answer = pages.page("hello.html", name="<script>x</script>")
    text = bytes(answer.body).decode()

    assert "<h1>&lt;script&gt;" in text
    assert 'lang="en-GB"' in text
    assert answer.headers["Cache-Control"] == "no-store"
    assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)


def test_a_page_fails_when_something_it_names_is_missing(pages: Pages) -> None:
    with pytest.raises(UndefinedError):
        pages.page("hello.html")


@pytest.mark.parametrize("file", ["templates/base.html", "static/beside.css"])
def test_nothing_is_loaded_from_elsewhere(file: str) -> None:
    assert not re.search(r"https?:|//[a-z]|@import|url\(", (HERE / file).read_text())


async def test_the_style_sheet_is_served_by_ourselves() -> None:
    app = FastAPI()
    app.include_router(style_routes())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        answer = await client.get(STYLE)

    assert answer.headers["content-type"].startswith("text/css")
    assert ":focus-visible" in answer.text
