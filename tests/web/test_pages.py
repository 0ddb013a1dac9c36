"""Pages escape what they show, say who acts and until when, and carry the token of whoever is signed in."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from jinja2 import Environment, TemplateSyntaxError, UndefinedError
from starlette.requests import Request

from shared.access.viewer import Viewer
from shared.testing.clock import HandClock
from shared.web.headers import PageSettings
from shared.web.pages import Pages, acting, ending
from shared.web.wording import wording
from tests.web.gallery import CSRF, NOW, SIGNED_IN, gallery

PAGES = Path(__file__).parent / "pages"
SCRIPT = "<script>alert(1)</script>"


def viewer(**changes: object) -> Viewer:
    """A lead of Newham who is also a volunteer."""
    usual = {
        "role": "safeguarding-lead", "roles": ("safeguarding-lead", "volunteer"), "provider": "nct",
        "sites": ("newham",), "csrf": CSRF,
        "idle_ends_at": NOW + timedelta(minutes=15), "ends_at": NOW + timedelta(hours=10),
    }  # fmt: skip
    return Viewer(**(usual | changes))  # type: ignore[arg-type]


async def test_what_a_page_is_given_is_escaped_everywhere(http):
    text = (await http.get("/named/%3Cscript%3Ealert(1)%3C%2Fscript%3E".replace("%2F", "%252F"))).text
    assert "<script>alert" not in text
    answer = await http.post("/components", data={"about": SCRIPT, "in_danger": "<b>"})
    assert SCRIPT not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text


def test_templates_are_compiled_once_in_a_process(monkeypatch):
    Pages(PAGES)
    monkeypatch.setattr(Environment, "compile", lambda *_: pytest.fail("compiled again"))

    Pages(PAGES)


async def test_a_page_that_is_not_given_what_it_names_fails():
    request = Request({"type": "http", "path": "/", "app": gallery(), "headers": [], "state": {}})
    with pytest.raises(UndefinedError, match="nobody_gave_this"):
        Pages(PAGES).page(request, "missing.html")


def test_a_template_that_is_none_stops_the_start(tmp_path):
    (tmp_path / "broken.html").write_text("{% block main %}")
    with pytest.raises(TemplateSyntaxError):
        Pages(tmp_path)


async def test_a_visitor_sees_no_account_and_no_token(http):
    text = (await http.get("/components")).text
    for word in ("Sign out", "Acting as", "csrf", "signed out"):
        assert word not in text


async def test_a_signed_in_person_sees_her_role_and_ways_to_change_it_and_to_sign_out(http):
    text = (await http.get("/components", headers=SIGNED_IN)).text
    assert "Acting as: Safeguarding lead, Newham" in text
    assert 'name="role" value="volunteer"' in text
    assert 'name="role" value="safeguarding-lead"' not in text
    assert "Sign out" in text


async def test_every_form_that_is_sent_carries_the_token(http):
    text = (await http.get("/components", headers=SIGNED_IN)).text
    forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", text, re.DOTALL)
    assert len(forms) >= 5
    assert all(f'<input type="hidden" name="csrf" value="{CSRF}">' in form for form in forms)
    assert f'<meta name="beside-csrf" content="{CSRF}">' in text


async def test_a_person_with_one_role_is_not_asked_to_change_it(http):
    text = (await http.get("/components", headers={"Gallery-Roles": "volunteer"})).text
    assert "Change role" not in text


async def test_without_script_a_sentence_says_when_she_is_signed_out(http):  # WCAG 2.2.1
    text = (await http.get("/components", headers=SIGNED_IN)).text
    plain = text.partition("<noscript>")[2].partition("</noscript>")[0]
    assert "signed out at 2:15pm" in plain
    assert 'action="/session/stay"' in plain
    last = (await http.get("/components", headers=SIGNED_IN | {"Gallery-Last": "1"})).text
    assert "/session/stay" not in last
    assert "Send what you are writing now" in last


def test_the_time_left_is_the_sooner_end_and_only_the_idle_one_can_be_put_off():
    settings = PageSettings(clock=HandClock(NOW))
    assert ending(viewer(), settings)["idle_seconds"] == 900
    assert ending(viewer(), settings)["can_stay"] is True
    assert ending(viewer(ends_at=NOW + timedelta(minutes=2)), settings) == {
        "idle_seconds": 120, "ends_at": NOW + timedelta(minutes=2), "can_stay": False,
    }  # fmt: skip
    assert ending(viewer(idle_ends_at=NOW - timedelta(minutes=2)), settings)["idle_seconds"] == 0
    assert ending(viewer(idle_ends_at=None, ends_at=None), settings) == {"idle_seconds": None}
    assert ending(None, settings) == {"idle_seconds": None}


@pytest.mark.parametrize(
    ("sites", "words"),
    [
        ((), "Safeguarding lead"),
        (("newham",), "Safeguarding lead, Newham"),
        (("newham", "halton"), "Safeguarding lead, Newham, Halton (Widnes and Runcorn)"),
        (("newham", "halton", "coventry-warwickshire"), "Safeguarding lead, 3 sites"),
    ],
)
def test_where_she_acts_is_said_in_words(sites, words):
    assert acting(viewer(sites=sites)) == words


async def test_a_page_says_its_language_and_direction(http):
    english, urdu = (await http.get("/public/en")).text, (await http.get("/public/ur")).text
    assert '<html lang="en-GB" dir="ltr">' in english
    assert '<html lang="ur" dir="rtl">' in urdu
    assert re.search(r"/assets/beside\.[0-9a-f]{12}\.css", english)
    assert re.search(r"/assets/beside\.rtl\.[0-9a-f]{12}\.css", urdu)


async def test_crisis_words_nobody_translated_stay_english_and_say_so(http):  # S14
    text = (await http.get("/public/ur")).text
    assert re.search(r'<section class="beside-numbers"[^>]* lang="en-GB" dir="ltr">', text)


@pytest.mark.parametrize("lang", ["en", "ur", "nobody"])
async def test_a_public_page_says_whom_to_ring_when_it_is_read_and_how_to_leave(http, lang):  # S10, S11
    text = (await http.get(f"/public/{lang}", headers=SIGNED_IN)).text
    for word in ("tel:999", "tel:111", "tel:116123", "Exit this page", wording().leaving.limits.split("'")[0]):
        assert word in text
    assert ("from <time" in text) is (lang != "nobody")
    assert ("We cannot say when" in text) is (lang == "nobody")
    assert "Acting as" not in text


async def test_leaving_is_a_plain_link_that_tells_the_other_side_nothing(http):  # S10
    text = (await http.get("/public/en")).text
    (link,) = re.findall(r"<a[^>]*data-beside-exit[^>]*>", text)
    assert f'href="{wording().leaving.to}"' in link
    assert "noreferrer" in link


async def test_an_unfinished_form_comes_back_with_each_fault_at_its_field(http):
    answer = await http.post("/components", data={"about": "She cried"})
    assert answer.status_code == 422
    assert "<title>Error: Every component - Beside gallery</title>" in answer.text
    assert re.search(r'<a href="#in_danger">\s*Say whether anyone is in danger now', answer.text)
    assert 'id="in_danger-error"' in answer.text
    assert "She cried" in answer.text
    assert (await http.post("/components", data={"about": "x", "in_danger": "no"})).status_code == 303
