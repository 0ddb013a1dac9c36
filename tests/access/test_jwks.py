"""The issuer's keys when many ask at once, when a new one appears, and when the issuer is away."""

import asyncio
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey, Key, KeySet

from shared.access import jwks
from shared.access.jwks import FetchedKeys
from shared.runtime.errors import Unavailable

URL = "https://issuer.test/keys"


class Issuer:
    """Answers when it is let; counts how often it was asked."""

    def __init__(self) -> None:
        self.keys: list[Key] = [ECKey.generate_key("P-256", {"kid": "one"}, private=True)]
        self.asked, self.may_answer, self.away = 0, asyncio.Event(), False
        self.may_answer.set()

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """The key set."""
        self.asked += 1
        await self.may_answer.wait()
        if self.away:
            raise httpx.ConnectError("away", request=request)
        return httpx.Response(200, json=KeySet(self.keys).as_dict(private=False))


def fetched(issuer: Issuer) -> FetchedKeys:
    """Keys fetched from it."""
    return FetchedKeys(URL, httpx.AsyncClient(transport=httpx.MockTransport(issuer.answer)))


def names(keys: KeySet) -> set[Any]:
    """Their key ids."""
    return {key.kid for key in keys.keys}


async def test_whoever_comes_while_the_keys_are_being_fetched_waits_for_them() -> None:
    issuer = Issuer()
    issuer.may_answer.clear()
    keys = fetched(issuer)
    callers = [asyncio.ensure_future(keys.having("one")) for _ in range(20)]
    while not issuer.asked:
        await asyncio.sleep(0)
    callers.append(asyncio.ensure_future(keys.having("one")))
    issuer.may_answer.set()

    assert [names(one) for one in await asyncio.gather(*callers)] == [{"one"}] * 21
    assert issuer.asked == 1


async def test_a_new_key_is_looked_for_but_not_at_every_strangers_word(monkeypatch: pytest.MonkeyPatch) -> None:
    issuer = Issuer()
    keys = fetched(issuer)
    await keys.having("one")
    issuer.keys.append(ECKey.generate_key("P-256", {"kid": "two"}, private=True))
    for number in range(50):
        await keys.having(f"stranger-{number}")
    assert issuer.asked == 1

    monkeypatch.setattr(jwks, "ASK_AGAIN_AFTER_S", 0.0)
    assert names(await keys.having("two")) == {"one", "two"}


async def test_while_the_issuer_is_away_or_slow_the_keys_we_have_stay_good(monkeypatch: pytest.MonkeyPatch) -> None:
    issuer = Issuer()
    keys = fetched(issuer)
    await keys.having("one")
    monkeypatch.setattr(jwks, "ASK_AGAIN_AFTER_S", 0.0)
    monkeypatch.setattr(jwks, "FRESH_FOR_S", 0.0)
    issuer.away = True
    issuer.may_answer.clear()
    slow = asyncio.ensure_future(keys.having("one"))
    while issuer.asked < 2:
        await asyncio.sleep(0)

    assert names(await asyncio.wait_for(keys.having("one"), 1)) == {"one"}, "nobody waits for a key we have"
    issuer.may_answer.set()
    assert names(await slow) == {"one"}


async def test_a_key_nobody_could_look_up_is_no_bad_token(monkeypatch: pytest.MonkeyPatch) -> None:
    issuer = Issuer()
    issuer.away = True
    keys = fetched(issuer)
    for _ in range(3):
        with pytest.raises(Unavailable):
            await keys.having("one")
    assert issuer.asked == 1

    issuer.away = False
    monkeypatch.setattr(jwks, "TRY_AGAIN_AFTER_S", 0.0)
    assert names(await keys.having("one")) == {"one"}
