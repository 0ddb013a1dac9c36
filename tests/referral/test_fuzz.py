"""Rubbish of every kind at both doors: never a fault of ours, never a hang, never a word of hers in an answer."""

import copy
import gzip
import logging
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
import structlog

from tests.referral.bodies import PLANNED, WITH_FLAG, body, headers, message
from tests.referral.test_bars_cancel import cancellation
from tests.referral.test_bars_response import response
from tests.referral.test_bars_update import update
from tests.referral.world import World

LONGEST_S = 2.0
FHIR, JSON = "/FHIR/R4/$process-message", "/api/referrals"
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**63, 1e308, 0.1, "", " ", "\x00", "\u202e", "x" * 70_000, "é", "💥", "2026-02-30",
    "9999-99-99T99:99:99Z", "urn:uuid:", "http://169.254.169.254/", "../../etc/passwd", "$where", [], {}, [[]], [{}],
    [None], {"$gt": ""}, {"reference": 7}, {"coding": "x"}, {"coding": [None, 7, {"code": []}]}, ["a"] * 2_000,
    {"resourceType": "Patient"}, {"extension": {"url": 1}},
)  # fmt: skip
HEADERS = (
    "X-Request-Id",
    "X-Correlation-Id",
    "NHSD-End-User-Organisation",
    "Accept",
    "Content-Type",
    "Idempotency-Key",
)


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(place for name, value in inner for place in places(value, (*path, name)))]


def changed(tree: Any, chance: random.Random) -> Any:
    """The value with one place replaced, removed, doubled or renamed."""
    tree = copy.deepcopy(tree)
    *way, last = chance.choice(places(tree)[1:])
    holder = tree
    for name in way:
        holder = holder[name]
    match chance.randrange(4):
        case 0:
            del holder[last]
        case 1 if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[last]))
        case 2 if isinstance(holder, dict):
            holder[chance.choice(["resourceType", "status", "code", "id", "x" * 300])] = holder.pop(last)
        case _:
            holder[last] = copy.deepcopy(chance.choice(VALUES))
    return tree


def deep(_tree: Any, chance: random.Random) -> bytes:
    """Brackets inside brackets."""
    many = chance.choice([100, 1_000, 100_000])
    return b'{"a":' * many + b"1" + b"}" * many if chance.random() < 0.5 else b"[" * many


def torn(tree: Any, chance: random.Random) -> bytes:
    """Bytes flipped, cut off or doubled."""
    written = bytearray(orjson.dumps(tree))
    for _ in range(chance.randrange(1, 5)):
        written[chance.randrange(len(written))] = chance.randrange(256)
    return bytes(written[: chance.randrange(len(written))] if chance.random() < 0.3 else written)


def bomb(_tree: Any, _chance: random.Random) -> bytes:
    """Little that opens to much."""
    return gzip.compress(b" " * 5_000_000)


def several(tree: Any, chance: random.Random) -> bytes:
    """Some places changed."""
    for _ in range(chance.randrange(1, 4)):
        tree = changed(tree, chance)
    return orjson.dumps(tree, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATETIME)


WAYS: tuple[tuple[Callable[[Any, random.Random], bytes], int], ...] = ((several, 90), (torn, 7), (deep, 2), (bomb, 1))
KINDS: tuple[Callable[[], dict[str, Any]], ...] = (
    message,
    lambda: message(2, WITH_FLAG),
    update,
    cancellation,
    response,
    lambda: body(text="She is afraid."),
)


def asked(number: int, chance: random.Random) -> tuple[str, bytes, dict[str, str]]:
    """One request: where to, with what, under which headers."""
    kind = chance.choice(KINDS)
    url = JSON if kind is KINDS[-1] else FHIR
    way = chance.choices([one for one, _ in WAYS], [weight for _, weight in WAYS])[0]
    said = headers(request=number, correlation=chance.choice([2, number]))
    said |= {"Idempotency-Key": f"key-{number:08}"}
    if url == JSON:
        said["Content-Type"] = "application/json"
    if way is bomb:
        said["Content-Encoding"] = "gzip"
    if chance.random() < 0.1:
        said[chance.choice(HEADERS)] = chance.choice(["", "x", "%%%", "e30=", "a" * 9_000, "application/fhir+json"])
    return url, way(kind(), chance), said


@pytest.fixture
def quiet() -> Iterator[None]:
    """A hundred thousand refusals write no lines."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    "many",
    [pytest.param(1_000, marks=pytest.mark.slow), pytest.param(100_000, marks=[pytest.mark.campaign])],
)
@pytest.mark.timeout(1_800)
async def test_rubbish_is_answered_quickly_and_says_nothing_of_her(intake: World, many: int) -> None:
    words = [*PLANNED[0].person.words(), *WITH_FLAG.person.words(), "afraid"]
    seed = random.SystemRandom().randrange(2**32)
    chance = random.Random(seed)
    for number in range(1, many + 1):
        url, sent, said = asked(number, chance)
        begun = time.perf_counter()
        answer = await intake.client.post(url, content=sent, headers=said)
        about = (seed, number, url, answer.status_code, answer.text[:300])
        assert time.perf_counter() - begun < LONGEST_S, about
        assert answer.status_code < 500, about
        assert answer.is_success or not [word for word in words if word in answer.text], about
