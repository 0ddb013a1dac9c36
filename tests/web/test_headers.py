"""Every page of a service, whatever its status, is kept nowhere, framed by nobody, and runs and loads only our own."""

import httpx
import pytest

from shared.web.app import prefers_page
from shared.web.headers import PageSettings, page_headers
from tests.web.gallery import SIGNED_IN, gallery

POLICY = {
    "default-src": "'none'", "style-src": "'self'", "script-src": "'self'", "img-src": "'self'", "font-src": "'self'",
    "connect-src": "'self'", "form-action": "'self'", "frame-ancestors": "'none'", "base-uri": "'none'",
}  # fmt: skip
STATUSES = (400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 500, 503)
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def policy_of(answer: httpx.Response) -> dict[str, str]:
    """The answer's content policy, by directive."""
    parts = answer.headers["Content-Security-Policy"].split("; ")
    return {name: value for name, _, value in (part.partition(" ") for part in parts)}


@pytest.mark.parametrize(
    "path", ["/components", "/public/en", "/no-such-page", *(f"/refused/{one}" for one in STATUSES)]
)
async def test_every_page_carries_every_header(http, path):
    answer = await http.get(path)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert policy_of(answer) == POLICY
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "geolocation=()" in answer.headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in answer.headers


async def test_a_redirect_tells_nobody_where_from(http):
    answer = await http.post("/session/stay", data={"csrf": "made-up-token-0001"})
    assert answer.status_code == 303
    assert answer.headers["Referrer-Policy"] == "no-referrer"


async def test_a_page_may_speak_to_safeguarding_and_signing_out_may_lead_to_the_issuer():
    settings = PageSettings(
        "https://beside.example.org", "https://issuer.example.org/realm", ("http://127.0.0.1:8104",)
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(gallery(settings)), base_url="http://here") as client:
        named = await client.get("/named/x")
        plain = await client.get("/no-such-page", headers=BROWSER)
    assert policy_of(named)["connect-src"] == "'self' http://127.0.0.1:8104 https://safeguarding.example.org"
    assert policy_of(plain)["connect-src"] == "'self' http://127.0.0.1:8104"
    for answer in (named, plain):
        assert policy_of(answer)["form-action"] == "'self' https://issuer.example.org"
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize("bad", ["javascript:alert(1)", "https://", "https://a; script-src *", "*", "https://*.x.org"])
def test_an_origin_that_would_open_the_policy_is_refused(bad):
    with pytest.raises(ValueError, match="not an origin"):
        page_headers(PageSettings(), (bad,))


@pytest.mark.parametrize("status", STATUSES)
async def test_a_refusal_is_a_page_for_people_that_repeats_nothing(http, status):
    answer = await http.get(f"/refused/{status}", headers=SIGNED_IN)
    assert answer.status_code == status
    assert "Made-up Mary" not in answer.text
    assert "tel:999" in answer.text
    assert 'lang="en-GB"' in answer.text
    assert answer.headers["Vary"] == "Accept"
    assert ("Wait 7 seconds" in answer.text) is (status == 429)
    assert (answer.headers["X-Correlation-Id"][:8] in answer.text) is (status >= 500)


async def test_a_refused_form_that_held_a_worry_shows_its_receipt(http):
    with_worry = await http.get("/refused/422", headers=SIGNED_IN)
    without = await http.get("/refused/403", headers=SIGNED_IN)
    assert "Receipt 5ca1ab1e." in with_worry.text
    assert "Nothing was saved" not in with_worry.text
    assert "Receipt" not in without.text


@pytest.mark.parametrize("accept", ["application/json", "*/*", "", "text/html;q=0.3, application/json"])
async def test_a_program_still_gets_a_problem(http, accept):
    answer = await http.get("/refused/409", headers={"Accept": accept})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "gallery.changed"


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        (BROWSER["Accept"], True),
        ("text/html", True),
        ("application/xhtml+xml", True),
        ("TEXT/HTML; q=0.5", True),
        ("text/html;q=0", False),
        ("text/html;q=bad", False),
        ("application/problem+json, text/html;q=0.9", False),
        ("text/*", False),
        ("text/event-stream", False),
    ],
)
def test_who_prefers_a_page(accept, page):
    assert prefers_page(accept) is page


async def test_a_live_stream_passes_through_untouched(http):
    app = gallery()
    app.state.board.lost = True
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        refused = await client.get("/live/stream", headers={"Accept": "text/event-stream"})
    assert refused.headers["content-type"] == "application/problem+json"
