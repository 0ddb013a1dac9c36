"""Faulty requests full of a person's data: whatever is wrong with them, the answer must not say any of it back."""

import copy
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx

from deploy.local.testing import LocalStack
from deploy.simulate.bundles import TRUST, bundle, headers
from deploy.simulate.referrals import Planned
from shared.runtime.clock import new_id
from shared.testing.issuer import bearer

DESK = "project-manager/sam"
JSON = {"Content-Type": "application/json"}


def spoiled(tree: Any, word: str) -> Iterator[Any]:
    """The tree with one value replaced by the word, by a field named after it, or by a list of it, at every place."""
    for path in _places(tree):
        for wrong in (word, {word: word}, [word, 7]):
            changed = copy.deepcopy(tree)
            holder = changed
            for step in path[:-1]:
                holder = holder[step]
            holder[path[-1]] = wrong
            yield changed


def _places(tree: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    steps = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for step, value in steps:
        yield (*above, step)
        yield from _places(value, (*above, step))


def requests(stack: LocalStack, planned: Planned, now: datetime) -> Iterator[httpx.Request]:
    """Every faulty request there is for one person."""
    body, message = planned.body(now.date()), bundle(planned, new_id(), now)
    names = (planned.person.family, planned.person.phone)
    yield from _json(f"{stack.urls['referral']}/api/referrals", body, names)
    door = f"{stack.urls['referral']}/FHIR/R4/$process-message"
    for changed in spoiled(message, planned.person.family):
        yield httpx.Request("POST", door, headers=_trust(planned), content=json.dumps(changed))
    for name in headers(new_id(), new_id(), planned.site):
        sent = _trust(planned) | {name: planned.person.family}
        yield httpx.Request("POST", door, headers=sent, content=json.dumps(message))
    case = new_id()
    session = {
        "session": str(case),
        "offer": names[0],
        "minutes": names[1],
        "outcome": names[0],
        "worry": {"words": names[0]},
    }
    decision = {"outcome": names[0], "reason": names[1]}
    yield from _json(f"{stack.urls['triage']}/api/cases/{case}/decision", decision, names)
    yield from _json(f"{stack.urls['triage']}/api/cases/{case}/measures", {"instrument": names[0], "items": {}}, names)
    yield from _json(f"{stack.urls['support']}/api/cases/{case}/sessions", session, names)
    yield from _json(f"{stack.urls['support']}/api/volunteers", {"site": names[0], "offers": [names[1]]}, names)
    yield from _json(f"{stack.urls['safeguarding']}/api/concerns/{case}/acknowledge", {"code": names[0]}, names)
    for url in stack.urls.values():
        for name in names:
            yield httpx.Request("GET", f"{url}/api/{quote(name)}?q={quote(name)}", headers=bearer(DESK))
            yield httpx.Request("GET", f"{url}/api/cases/{quote(name)}?site={quote(name)}", headers=bearer(DESK))


def _trust(planned: Planned) -> dict[str, str]:
    """The headers of a trust's system that was never seen before: each is let in as often as any."""
    proof = bearer(f"referrer-system/{new_id()}", organisations=[TRUST])
    return headers(new_id(), new_id(), planned.site) | proof


def _json(url: str, body: dict[str, Any], names: tuple[str, ...]) -> Iterator[httpx.Request]:
    def post(content: bytes | str, **more: str) -> httpx.Request:
        sent = bearer(DESK) | JSON | {"Idempotency-Key": str(new_id())} | more
        return httpx.Request("POST", url, headers=sent, content=content)

    for name in names:
        for changed in spoiled(body, name):
            yield post(json.dumps(changed))
    whole = json.dumps(body)
    yield post(whole[:-1])
    yield post(whole.encode() + b"\xff")
    yield post(whole, **{"Content-Type": "text/plain"})
    yield post(whole, **{"Idempotency-Key": names[0]})
    yield post(json.dumps({**body, "padding": names[0] * 60_000}))
    yield post("[" * 5_000 + json.dumps(names[0]) + "]" * 5_000)
