"""A browser without a screen: cookies, forms and redirects, followed one by one so that each can be looked at."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Any, Self

import httpx

PAGES = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1"}
MOST_HOPS = 10


@dataclass
class Form:
    """A form of a page: where it goes and what it sends by itself."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self.forms.append(Form(found.get("action") or ""))
        if tag == "input" and self.forms and found.get("name"):
            self.forms[-1].fields[str(found["name"])] = found.get("value") or ""


def forms_in(page: str) -> list[Form]:
    """Every form of a page."""
    reader = _Forms()
    reader.feed(page)
    return reader.forms


class Browser:
    """One person's browser; `seen` are the answers since it last began to go somewhere."""

    def __init__(self) -> None:
        self.http = httpx.AsyncClient(headers=PAGES, trust_env=False, timeout=20)
        self.seen: list[httpx.Response] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, it: Any, where: TracebackType | None) -> None:
        await self.http.aclose()

    async def go(self, url: str) -> httpx.Response:
        """Open an address and follow where it leads."""
        self.seen = []
        return await self._follow(await self.http.get(url))

    async def send(self, url: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        """Send a form and follow where it leads."""
        self.seen = []
        return await self._follow(await self.http.post(url, data=fields, headers=headers))

    async def sign_in(self, page: httpx.Response, name: str, password: str) -> httpx.Response:
        """Fill in the issuer's form."""
        (form,) = [one for one in forms_in(page.text) if "username" in one.fields or "password" in one.fields]
        return await self.send(form.action, form.fields | {"username": name, "password": password})

    async def _follow(self, answer: httpx.Response) -> httpx.Response:
        for _ in range(MOST_HOPS):
            self.seen.append(answer)
            for cookie in self.http.cookies.jar:
                cookie.secure = (
                    False  # browsers send secure ones to their own machine without TLS, this library does not
                )
            if answer.next_request is None:
                return answer
            answer = await self.http.send(answer.next_request)
        raise AssertionError([str(one.url) for one in self.seen])
