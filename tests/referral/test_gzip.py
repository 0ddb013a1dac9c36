"""Senders may compress what they send: it counts the same, and what is refused keeps its worry."""

import gzip
from typing import Any

import httpx
import orjson
import pytest

from tests.referral.bodies import body, headers, message, outcome, post, send
from tests.referral.cases import CHILD_AT_RISK
from tests.referral.test_bars import flag
from tests.referral.world import World

GZIP = {"Content-Encoding": "gzip"}


async def packed(intake: World, sent: Any, **changed: str) -> httpx.Response:
    """A message through the FHIR door, compressed."""
    content = sent if isinstance(sent, bytes) else gzip.compress(orjson.dumps(sent))
    return await send(intake, content, headers() | GZIP | changed)


async def test_a_compressed_message_is_taken_once(intake: World) -> None:
    assert (await packed(intake, message())).status_code == 200
    assert outcome(await packed(intake, message())) == (409, "REC_CONFLICT", "duplicate")
    assert len(intake.received()) == 1


async def test_a_compressed_json_referral_is_the_same_request_as_the_plain_one(intake: World) -> None:
    first = await post(intake, gzip.compress(orjson.dumps(body())), **GZIP)
    again = await post(intake, body())
    assert (first.status_code, first.json()) == (201, again.json())


@pytest.mark.parametrize("fault", ["timestamp", "meta"])
async def test_a_refused_one_keeps_its_worry(intake: World, fault: str) -> None:  # S3, S27
    sent = message()
    sent["entry"].append(flag(CHILD_AT_RISK))
    del sent[fault]
    assert (await packed(intake, sent)).status_code == 400
    assert [one.code for one in intake.worries()] == [CHILD_AT_RISK]


async def test_one_that_cannot_be_opened_leaves_a_task(intake: World) -> None:  # S27
    answer = await packed(intake, gzip.compress(orjson.dumps(message()))[:-20])
    assert outcome(answer) == (400, "REC_BAD_REQUEST", "invalid")
    assert [one.wire for one in intake.events()].count("referral.unreadable.v1") == 1


async def test_another_coding_is_refused_in_fhir(intake: World) -> None:
    answer = await packed(intake, b"\x8b\x02\x80", **{"Content-Encoding": "br"})
    assert outcome(answer) == (415, "REC_UNSUPPORTED_MEDIA_TYPE", "not-supported")


async def test_a_bomb_is_refused_as_too_large(intake: World) -> None:
    assert (await packed(intake, gzip.compress(b" " * 50_000_000))).status_code == 413
