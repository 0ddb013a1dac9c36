"""Follows every link from where a role begins, as somebody would who clicks on everything."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx
from fastapi import FastAPI
from starlette.routing import Match, Route

from shared.web.navigation import links
from tests.access.matrix.who import Who
from tests.access.test_routes import routes

MOST_PAGES = 200
"""Of one role; more means that pages make links without end."""


@dataclass(frozen=True)
class Visited:
    """One page: where it was, what it answered, and the page whose link led there."""

    service: str
    path: str
    status: int
    came_from: str


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        target = dict(attrs).get("href")
        if tag == "a" and target:
            self.found.append(target)


def links_of(page: str) -> list[str]:
    """Every link's target, as it stands in the page."""
    reader = _Links()
    reader.feed(page)
    return reader.found


async def crawl(clients: Mapping[str, httpx.AsyncClient], who: Who) -> list[Visited]:
    """Every page of the services that `who` comes to. Raises `AssertionError` after more than `MOST_PAGES`."""
    begin = [link.href for link in links(who.role, {name: f"http://{name}" for name in clients}, "", "")]
    waiting = deque((url, "where the role begins") for url in begin)
    known, visited = set(begin), []
    while waiting:
        url, came_from = waiting.popleft()
        where = urlsplit(url)
        answer = await clients[where.netloc].get(url, headers={"Accept": "text/html", **who.headers(where.netloc)})
        visited.append(Visited(where.netloc, where.path, answer.status_code, came_from))
        assert len(visited) <= MOST_PAGES, f"{who}: {[one.path for one in visited[-5:]]}"
        targets = links_of(answer.text) if answer.headers.get("Content-Type", "").startswith("text/html") else []
        if answer.is_redirect:
            targets = [answer.headers["Location"]]
        for target in (urldefrag(urljoin(url, one)).url for one in targets):
            if urlsplit(target).netloc in clients and target not in known:
                known.add(target)
                waiting.append((target, url))
    return visited


def route_at(app: FastAPI, path: str) -> Route | None:
    """The route that answers at a path for whoever reads; None where nothing does."""
    scope = {"type": "http", "method": "GET", "path": path}
    found = (route for whole, route in routes(app.routes) if whole == route.path)
    return next((route for route in found if route.matches(scope)[0] is Match.FULL), None)
