"""Asks as everybody and says where an answer is not what the page says."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import httpx

from tests.access.matrix.operations import Asking
from tests.access.matrix.things import Thing, named
from tests.access.matrix.who import Said, Who

HTML = {"Accept": "text/html"}
NOT_COMPARED = ("date", "x-correlation-id")
KEY = re.compile(r'(name="(?:key|session|signal)" value=")[^"]*')
"""What a form is given for its next sending; new each time."""
AT_ONCE = 16
TRIES = 20
NOTHING = str(named("nobody"))
_keys = count()


@dataclass(frozen=True)
class Compared:
    """How many answers were looked at, and what was wrong with some: nothing in it is about a person."""

    looked_at: int
    mismatches: tuple[str, ...]


Answer = tuple[int, tuple[tuple[str, str], ...], str]


def bare(answer: httpx.Response) -> Answer:
    """All of an answer but what differs each time."""
    headers = tuple(sorted((k, v) for k, v in answer.headers.items() if k.lower() not in NOT_COMPARED))
    return answer.status_code, headers, KEY.sub(r"\1", answer.text)


class Comparison:
    """Of the running services' `clients` with what the page says."""

    def __init__(self, clients: dict[str, httpx.AsyncClient], said: Said) -> None:
        self._clients = clients
        self._said = said
        self._few = asyncio.Semaphore(AT_ONCE)

    async def all(self, askings: Iterable[Asking], everybody: Sequence[Who]) -> Compared:
        """One asking after the other, each by everybody at once."""
        looked_at, wrong = 0, []
        for asking in askings:
            asked = [self._one(asking, who) for who in everybody if self._is_for(asking, who)]
            found = await asyncio.gather(*asked)
            looked_at += sum(many for many, _ in found)
            wrong += [f"{asking.operation} {asking.method} {asking.path}: {one}" for _, each in found for one in each]
        return Compared(looked_at, tuple(wrong))

    def _is_for(self, asking: Asking, who: Who) -> bool:
        return who.role not in asking.but_not and who.asks(self._said, asking.operation)

    async def _one(self, asking: Asking, who: Who) -> tuple[int, list[str]]:
        how = who.how_far(self._said, asking.operation)
        if asking.kind == "part":
            return await self._part(asking, who, how)
        members = _asked_about(asking, may=how is not None)
        unknown = await self._ask(asking, who, asking.about.unknown if asking.about else NOTHING)
        answers = await asyncio.gather(*(self._ask(asking, who, one.id) for one in members))
        if how is None:
            wrong = _turned_away(who, (unknown, *answers))
        elif asking.kind == "list":
            wrong = _listed(asking, who, how, unknown)
        elif asking.kind == "free":
            wrong = _let_in(who, how, unknown)
        else:
            pairs = zip(members, answers, strict=True)
            wrong = [one for each, got in pairs for one in _about(who, how, each, got, unknown)]
        return 1 + len(members), wrong

    async def _part(self, asking: Asking, who: Who, how: str | None) -> tuple[int, list[str]]:
        assert asking.about is not None
        assert asking.shown is not None
        members = _asked_about(replace(asking, kind="object"), may=how is not None)
        answers = await asyncio.gather(*(self._ask(asking, who, one.id) for one in members))
        wrong = [
            f"{who} ({how}) and {one.provider}/{one.site}/{one.organisation}: shown {bool(asking.shown(got))}"
            for one, got in zip(members, answers, strict=True)
            if bool(asking.shown(got)) != who.reaches(how, one)
        ]
        return len(members), wrong

    async def _ask(self, asking: Asking, who: Who, thing: str) -> httpx.Response:
        """The answer; where the audit was too busy for one, the same is asked again with the same key."""
        sent, url = _sent(asking, thing), asking.url(thing)
        headers, client = dict(sent.pop("headers")), self._clients[asking.service]
        async with self._few:
            for _ in range(TRIES):
                proved = headers | who.headers(asking.service)
                answer = await client.request(asking.method, url, headers=proved, **sent)
                if answer.status_code != 503:
                    return answer
        raise AssertionError(f"{asking.service} has no answer")


def _sent(asking: Asking, thing: str) -> dict[str, Any]:
    """Headers and body, as a program or a browser sends them."""
    headers = (HTML if asking.page else {}) | dict(asking.headers)
    if asking.method == "GET":
        return {"headers": headers}
    key = f"key-of-matrix-{next(_keys)}"
    if asking.page:
        return {"headers": headers, "data": asking.content(thing) | {"key": key}}
    return {"headers": {"Idempotency-Key": key} | headers, "json": asking.content(thing)}


def _asked_about(asking: Asking, *, may: bool) -> tuple[Thing, ...]:
    """Everything for whoever may; one of each place for whoever may not, and is turned away before it is looked at."""
    if asking.about is None or asking.kind != "object":
        return ()
    each = {(one.provider, one.site): one for one in asking.about.all}
    return asking.about.all if may else tuple(each.values())


def _turned_away(who: Who, answers: Sequence[httpx.Response]) -> list[str]:
    """Without a row she hears the same whatever she asks about."""
    right = 403 if who.role or who.service else 401
    wrong = [f"{who} may not, and got {one.status_code}" for one in answers if one.status_code != right]
    if len({bare(one) for one in answers}) != 1:
        wrong.append(f"{who} may not, and is told what there is")
    return wrong


def _let_in(who: Who, how: str, answer: httpx.Response) -> list[str]:
    if answer.status_code not in (401, 403, 404) and answer.status_code < 500:
        return []
    return [f"{who} may ({how}), and got {answer.status_code}"]


def _listed(asking: Asking, who: Who, how: str, answer: httpx.Response) -> list[str]:
    assert asking.about is not None
    assert asking.shown is not None
    if answer.status_code != 200:
        return [f"{who} may ({how}), and got {answer.status_code}"]
    shown = asking.shown(answer) & asking.about.family
    right = {one.id for one in asking.about.all if who.reaches(how, one)}
    if shown == right:
        return []
    return [f"{who} ({how}) is shown {len(shown - right)} too many, {len(right - shown)} are missing"]


def _about(who: Who, how: str, thing: Thing, answer: httpx.Response, unknown: httpx.Response) -> list[str]:
    where = f"{who} ({how}) and {thing.provider}/{thing.site}/{thing.volunteer}/{thing.organisation}"
    same, got = bare(answer) == bare(unknown), answer.status_code
    if not who.reaches(how, thing):
        return [] if same else [f"{where}: out of reach is {got}, unknown {unknown.status_code}, and they differ"]
    if got in (401, 403) or got >= 500:
        return [f"{where}: within reach, and got {got}"]
    return [f"{where}: within reach, and looks unknown, {got}"] if same else []
