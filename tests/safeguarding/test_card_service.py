"""The contact card of a running safeguarding without Kafka and without referral: taken, opened, audited, erased."""

import re
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid5

import httpx
import orjson
import pytest

from services.safeguarding.adapters.fetching import FetchCards, Referral
from services.safeguarding.adapters.kafka import ordinary_handler
from services.safeguarding.domain.commands import stream_of
from shared.access.letters import Letters
from shared.events.ids import BESIDE, concern_id
from shared.events.recorded import Recorded
from shared.events.referral import ReferralReceived
from shared.events.support import SupportEnded
from shared.events.triage import TriageCompleted
from shared.runtime.clock import SystemClock
from shared.runtime.durable import durable
from tests.events.samples import sample
from tests.safeguarding.asking import CASE, NOW, key, push, pushed, worry
from tests.safeguarding.polling import until
from tests.safeguarding.test_card import RULES, WHOLE

# A request to the database that is cut off when the service stops leaves its socket to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

CONCERN = concern_id(UUID(worry()["signal_id"]))
AT = f"/concerns/{CONCERN}"
CODE, OTHER_SITES, ANOTHER = "468012", "357911", "579135"
NAME, PHONE = "Made-up Mary", "07700 900123"
LINK = '<a href="tel:07700900123"'


def letter(world, record=WHOLE, case=CASE):
    """The card as referral encloses it."""
    return Letters(world.service.settings.trusted_keys).seal("safeguarding", {"case": str(case), "card": record})


async def push_with_card(world, sealed=None):
    body = orjson.loads(pushed()) | {"card": sealed or letter(world)}
    answer = await push(world, orjson.dumps(body))
    assert answer.status_code == 202


def browser(world):
    """A telephone with nothing but the page's link: nobody is signed in."""
    return httpx.AsyncClient(transport=world.http._transport, base_url="http://t")


def form(code=CODE):
    at = (SystemClock().now() + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    return {"code": code, "next_step": "ring-her", "next_at": at, "key": "form-key-1"}


async def take(phone, code=CODE):
    answer = await phone.post(f"{AT}/acknowledge", data=form(code))
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def fetching(world, people, asked):
    """A fetcher whose referral has cards of these people."""

    def answer(request):
        asked.append(orjson.loads(request.content))
        return httpx.Response(200 if people is not None else 503, json={"people": people})

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return FetchCards(world.service.cards, Referral(["http://r"], http, lambda: "Bearer x", 1), RULES.fetching)


async def kept(world):
    return await world.service.cards.of(CASE)


async def holding(world):
    return await world.service.cards.holdings.of(CASE)


async def close(world):
    body = {"reason": "made-safe", "actions": ["spoke-with-her"]}
    answer = await world.http.post(f"/api{AT}/close", json=body, headers=key("close"))
    assert answer.status_code == 200, answer.text


async def test_from_the_pages_link_to_her_number_in_two_taps_without_sign_in_or_referral(world):  # S21
    await push_with_card(world)
    async with browser(world) as phone:
        await until(partial(there, phone))
        card = await phone.get(await take(phone))

    assert card.status_code == 200
    assert LINK in card.text
    assert all(said in card.text for said in (NAME, "2 January 2027", "CV1 1AA", "tel:01632960111", "tel:01632960103"))
    assert RULES.safe_to_contact["yes"] in card.text
    assert "<title>Card</title>" in card.text
    assert card.headers["cache-control"] == "no-store"


async def there(phone):
    return (await phone.get(AT)).status_code == 200


async def test_only_whoever_took_the_concern_opens_its_card_and_only_with_her_own_code(world):
    await push_with_card(world)
    async with browser(world) as phone:
        await until(partial(there, phone))
        untaken = await phone.post(f"/api{AT}/card", json={"code": CODE})
        await take(phone)
    async with browser(world) as stranger:
        forwarded = await stranger.get(f"{AT}/card")
        answers = [await stranger.post(f"/api{AT}/card", json={"code": code}) for code in ("1", OTHER_SITES, ANOTHER)]
        again = await stranger.post(f"{AT}/card", data={"code": CODE})
        opened = await stranger.get(again.headers["location"])
    signed_in = await world.http.get(f"{AT}/card")

    assert untaken.json()["code"] == "safeguarding.not_taken"
    assert forwarded.status_code == 403
    assert RULES.words["code_again"] in forwarded.text
    assert [one.json()["code"] for one in answers] == ["safeguarding.code_not_accepted"] * 2 + [
        "safeguarding.not_taken"
    ]
    assert LINK in opened.text
    assert signed_in.status_code == 403, "a sign-in is not her own code"
    assert not any(NAME in one.text or PHONE in one.text for one in (untaken, forwarded, *answers, again, signed_in))


async def test_a_pass_opens_one_concern_and_ends_by_itself(world, database):
    await push_with_card(world)
    await push(world, pushed(2))
    async with browser(world) as phone:
        await until(partial(there, phone))
        await take(phone)
        assert (await phone.get(f"{AT}/card")).status_code == 200
        other = concern_id(uuid5(BESIDE, "signal/2"))
        name, secret = next(iter(phone.cookies.items()))
        foreign = {"Cookie": f"{name.replace(str(CONCERN)[:8], str(other)[:8])}={secret}"}
        assert (await phone.get(f"/concerns/{other}/card", headers=foreign)).status_code == 403
        over = SystemClock().now() - timedelta(seconds=1)
        await database["card_passes"].update_many({}, {"$set": {"ends_at": over}})
        assert (await phone.get(f"{AT}/card")).status_code == 403


async def test_whoever_took_it_may_open_it_after_somebody_else_took_it_over(world):
    await push_with_card(world)
    async with browser(world) as phone, browser(world) as second:
        await until(partial(there, phone))
        await take(phone)
        await second.post(f"{AT}/acknowledge", data=form(ANOTHER) | {"key": "form-key-2"})
        seen = [(await one.get(f"{AT}/card")).status_code for one in (phone, second)]

    assert seen == [200, 200]


async def test_each_opening_is_noted_under_the_name_of_whoever_opened_it(world, database):
    await push_with_card(world)
    async with browser(world) as phone:
        await until(partial(there, phone))
        await phone.get(await take(phone))
    async with browser(world) as stranger:
        await stranger.post(f"/api{AT}/card", json={"code": CODE})
        await stranger.post(f"/api{AT}/card", json={"code": "1"})
        await stranger.get(f"{AT}/card")
    found = database.client[f"{database.name}_audit"]["entries"].find({"content.operation": "concern.card"})
    notes = [(one["content"]["who"], one["content"]["via"], one["content"]["outcome"]) async for one in found]

    assert notes.count(("lead-newham", "own_code", "admitted")) == 2
    assert ("visitor", "none", "failed: safeguarding.code_not_accepted") in notes
    assert ("visitor", "none", "failed: safeguarding.code_first") in notes


async def test_a_card_that_has_not_come_says_so_shows_numbers_and_looks_again_until_it_is_there(world):
    await push(world, pushed())
    asked: list[dict[str, Any]] = []
    async with browser(world) as phone:
        await until(partial(there, phone))
        to = await take(phone)
        waiting = await phone.get(to)
        await until(partial(holding, world))
        await fetching(world, None, asked).look()
        await until(partial(fetched, world, fetching(world, {str(CASE): WHOLE}, asked)))
        card = await phone.get(to)

    assert RULES.words["missing"] in waiting.text
    assert re.search(r'<meta http-equiv="refresh" content="\d+">', waiting.text)
    assert "tel:01632960103" in waiting.text
    assert "refresh" not in card.text
    assert LINK in card.text
    assert asked[0] == {"ids": [str(CASE)], "purpose": "contact_card"}


async def fetched(world, fetcher):
    await fetcher.look()
    return await kept(world)


async def test_a_concern_about_nobody_known_has_numbers_all_the_same(world):
    receipt = (await world.http.post("/api/concerns", json=worry(case=None), headers=key())).json()["receipt"]
    async with browser(world) as phone:
        await phone.post(f"/concerns/{receipt}/acknowledge", data=form("246810"))
        card = await phone.get(f"/concerns/{receipt}/card")

    assert RULES.words["nobody"].replace("'", "&#39;") in card.text
    assert "tel:01632960101" in card.text


@pytest.mark.parametrize("sealed", ["other case", "no letter", "cut"])
async def test_a_card_that_cannot_be_believed_raises_its_concern_and_is_fetched_instead(world, sealed):  # S3
    bad = {"other case": letter(world, case=uuid5(BESIDE, "x")), "no letter": "a.b", "cut": letter(world)[:-9]}
    await push_with_card(world, bad[sealed])
    await until(partial(holding, world))

    assert await kept(world) is None
    assert await fetched(world, fetching(world, {str(CASE): WHOLE}, []))


async def test_the_card_of_a_closed_concern_is_erased_and_a_late_push_brings_nothing_back(world, database):
    await push_with_card(world)
    await until(partial(kept, world))
    subject = (await holding(world)).subject
    async with browser(world) as phone:
        await take(phone)
        await close(world)
        await until(partial(none_held, world))
        await until(partial(erased, database, subject))
        assert (await phone.get(f"{AT}/card")).status_code == 409
    await push_with_card(world)

    assert await kept(world) is None
    assert await database["signals_inbox"].count_documents({"card": {"$exists": True}}) == 0


async def none_held(world):
    return await holding(world) is None


async def erased(database, subject):
    keys = durable(database.client[f"{database.name}_keys"], "keys")
    return await keys.find_one({"_id": subject}) is None


async def test_a_case_in_support_keeps_its_card_for_the_day_of_a_concern_until_support_ends(world):
    hear = ordinary_handler(world.service.heard, world.service.cards)
    assert await hear([heard(TriageCompleted, outcome="accepted")]) == [None]
    assert await fetched(world, fetching(world, {str(CASE): WHOLE}, []))
    await push(world, pushed())
    async with browser(world) as phone:
        await until(partial(there, phone))
        assert LINK in (await phone.get(await take(phone))).text
        await close(world)
    assert await kept(world)
    assert await hear([heard(SupportEnded)]) == [None]
    await until(partial(none_held, world))


async def test_what_is_heard_before_the_referral_does_not_hide_who_sent_it(world):
    hear = ordinary_handler(world.service.heard, world.service.cards)
    assert await hear([heard(TriageCompleted, outcome="accepted")]) == [None]
    assert await hear([heard(ReferralReceived, sent_by="RXX"), heard(SupportEnded)]) == [None, None]
    assert await world.service.queries.referrer_of(CASE) == "RXX"


@pytest.mark.parametrize("outcome", ["declined", "withdrawn"])
async def test_a_declined_case_has_no_card(world, outcome):
    hear = ordinary_handler(world.service.heard, world.service.cards)
    await hear([heard(TriageCompleted, outcome=outcome)])

    assert await holding(world) is None


def heard(event, **changes):
    """An event of another service about the case."""
    said = sample(event).model_copy(update={"case": CASE, "occurred_at": NOW, **changes})
    name = uuid5(BESIDE, f"heard/{event.wire}/{changes}")
    return Recorded(said, name, "triage", f"case/{CASE}", 1, NOW, "nct", "newham", name, 0, "x")


async def test_nothing_of_a_card_stands_anywhere_in_the_clear(world, database, caplog):
    await push_with_card(world)
    await until(partial(kept, world))
    async with browser(world) as phone:
        await phone.get(await take(phone))
    for name in (database.name, f"{database.name}_cards", f"{database.name}_keys", f"{database.name}_audit"):
        for collection in await database.client[name].list_collection_names():
            text = str([one async for one in database.client[name][collection].find()])
            assert not any(word in text for word in ("Mary", "900123", "Example Street")), f"{name}.{collection}"
    assert "Mary" not in caplog.text
    assert await world.service.store.load([stream_of(CONCERN)])
