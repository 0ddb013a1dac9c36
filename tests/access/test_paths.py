"""After signing in she stays here, whatever a link said; and cookies that no script or other service can read."""

import pytest
from starlette.responses import Response

from shared.access.session.cookies import Cookie
from shared.access.session.paths import local_path


@pytest.mark.parametrize("asked", ["/", "/concerns", "/cases/1?site=halton#x", "/a//b"])
def test_a_path_of_ours_is_kept(asked: str) -> None:
    assert local_path(asked) == asked


@pytest.mark.parametrize(
    "asked",
    ["https://evil.test/", "//evil.test", "///evil.test", "/\\evil.test", "\\\\evil.test", "javascript:alert(1)",
     "evil.test", "", None, "/x\r\nSet-Cookie: a=b", "/\tx", "/é", "/" + "x" * 600, "http:/evil.test", "/%0d%0a\x00"],
)  # fmt: skip
def test_any_other_place_is_the_first_page(asked: str | None) -> None:
    assert local_path(asked) == "/"


def put(public_url: str) -> str:
    """The header a browser gets."""
    response = Response()
    Cookie.of("triage", public_url).put(response, "secret")
    return response.headers["set-cookie"]


def test_a_cookie_is_bound_to_tls_its_host_and_its_service() -> None:
    whole = put("https://triage.example.org")
    assert whole.startswith("__Host-beside-triage=secret;")
    assert all(part in whole for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"))
    assert "Domain" not in whole
    behind = put("https://beside.example.org/triage")
    assert behind.startswith("__Secure-beside-triage=secret;")
    assert "Path=/triage" in behind


def test_services_on_ports_of_one_machine_have_cookies_of_their_own() -> None:
    names = {Cookie.of(name, f"http://127.0.0.1:{port}").name for port, name in enumerate(("triage", "support"), 8102)}
    assert len(names) == 2
    assert "Secure" not in put("http://127.0.0.1:8102")
