"""Which pages may raise a worry here by script: the services' own, at one door, and nobody's elsewhere."""

import httpx
import pytest
from fastapi import FastAPI

from services.safeguarding.adapters.other_origins import OtherOrigins

SUPPORT = "https://beside.example"


@pytest.fixture
def http() -> httpx.AsyncClient:
    """A door and another one, for the pages of one service."""
    app = FastAPI()

    @app.post("/api/concerns")
    async def take() -> dict[str, str]:
        return {"receipt": "r"}

    @app.get("/api/hold")
    async def hold() -> dict[str, bool]:
        return {"hold": False}

    app.add_middleware(OtherOrigins, services=[f"{SUPPORT}/support", ""])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://s")


def preflight(origin: str, headers: str = "beside-worry-pass,idempotency-key,content-type") -> dict[str, str]:
    """What a browser asks first."""
    return {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": headers}


async def test_a_page_of_ours_may_with_a_worry_pass_and_without_cookies(http: httpx.AsyncClient) -> None:  # S20
    asked = await http.options("/api/concerns", headers=preflight(SUPPORT))
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, SUPPORT)
    assert "access-control-allow-credentials" not in asked.headers
    answer = await http.post("/api/concerns", headers={"Origin": SUPPORT})
    assert answer.headers["access-control-allow-origin"] == SUPPORT


@pytest.mark.parametrize("origin", ["https://evil.example", f"{SUPPORT}.evil.example", "null", "http://beside.example"])
async def test_a_page_of_somebody_else_may_not(http: httpx.AsyncClient, origin: str) -> None:
    asked = await http.options("/api/concerns", headers=preflight(origin))
    assert (asked.status_code, "access-control-allow-origin" in asked.headers) == (400, False)


async def test_no_other_door_and_no_other_header_is_opened(http: httpx.AsyncClient) -> None:
    other = await http.get("/api/hold", headers={"Origin": SUPPORT})
    assert "access-control-allow-origin" not in other.headers
    assert (await http.options("/api/concerns", headers=preflight(SUPPORT, "authorization"))).status_code == 400
