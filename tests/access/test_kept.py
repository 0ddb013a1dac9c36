"""What sign-in keeps in the database: sessions, sign-ins under way, remembered phones and one-time links."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.access.caller import Caller
from shared.access.device.kept import Devices, WrongPin
from shared.access.device.limits import device_limits
from shared.access.links.kept import Links, NotOpened, TooOften
from shared.access.links.limits import link_limits
from shared.access.session.attempts import Attempts
from shared.access.session.kept import Sessions
from shared.access.session.limits import session_limits
from shared.runtime.clock import SystemClock
from shared.testing.clock import HandClock

LPM = Caller("person", "pm-1", "project-manager", "session", ("project-manager", "commissioner"), "nct", ("halton",))
ANNA = Caller("person", "anna", "volunteer", "session", ("volunteer", "trainer"), "nct", ("halton",))
HER = UUID(int=5)
PIN, WORD = "280519", "Kettle  drum"


@pytest.fixture
def clock() -> HandClock:
    """Begins now: the database's own clock lets things go."""
    return HandClock(SystemClock().now())


@pytest.fixture
async def sessions(database: Any, clock: HandClock) -> Sessions:
    made = Sessions(database, session_limits(), clock)
    await made.ensure_indexes()
    return made


async def test_a_session_lasts_while_it_is_used_and_never_longer_than_its_day(sessions, clock):
    secret = await sessions.begin(LPM)
    for _ in range(25):
        found = await sessions.find(secret)
        assert found is not None
        assert found.caller.role == "project-manager"
        clock.advance(timedelta(minutes=29))
    assert await sessions.find(secret) is None


async def test_a_session_nobody_uses_is_over(sessions, clock):
    secret = await sessions.begin(LPM)
    clock.advance(timedelta(minutes=30))
    assert await sessions.find(secret) is None


async def test_another_role_is_the_same_person_under_a_new_secret(sessions):
    secret = await sessions.begin(LPM)
    before = await sessions.find(secret)
    new = await sessions.act_as(secret, "commissioner")
    after = await sessions.find(new)
    assert await sessions.find(secret) is None
    assert (after.caller.role, after.caller.id, after.ends_at) == ("commissioner", "pm-1", before.ends_at)
    assert after.csrf != before.csrf
    with pytest.raises(ValueError, match="roles"):
        await sessions.act_as(new, "safeguarding-lead")
    with pytest.raises(LookupError):
        await sessions.act_as(secret, "commissioner")


async def test_sessions_end_at_once_one_by_one_by_the_issuers_or_all_of_a_person(sessions):
    one = await sessions.begin(LPM, issuer_session="s-1")
    two = await sessions.begin(LPM, issuer_session="s-2")
    other = await sessions.begin(ANNA, issuer_session="s-3")
    await sessions.end(one)
    assert await sessions.find(one) is None
    assert await sessions.end_of_issuer("s-2") == 1
    assert await sessions.find(two) is None
    again = await sessions.begin(LPM)
    assert await sessions.end_all_of("pm-1") == 1
    assert await sessions.find(again) is None
    assert await sessions.find(other) is not None


async def test_what_is_kept_opens_nothing(sessions, database):
    secret = await sessions.begin(LPM)
    kept = await database["sessions"].find().to_list()
    assert secret not in str(kept)
    assert await sessions.find(kept[0]["_id"]) is None


async def test_a_sign_in_comes_back_once_to_the_browser_that_left(database, clock):
    attempts = Attempts(database, session_limits(), clock)
    await attempts.ensure_indexes()
    begun = await attempts.begin("/concerns")
    assert await attempts.take(begun.state, "another browser") is None
    assert await attempts.take(begun.state, begun.browser) is None, "a wrong return uses it up"
    begun = await attempts.begin("/concerns")
    assert await attempts.take(begun.state, begun.browser) == begun
    assert await attempts.take(begun.state, begun.browser) is None
    late = await attempts.begin("/")
    clock.advance(timedelta(minutes=11))
    assert await attempts.take(late.state, late.browser) is None


@pytest.fixture
async def devices(database: Any, clock: HandClock) -> Devices:
    made = Devices(database, device_limits(), clock)
    await made.ensure_indexes()
    return made


async def test_a_phone_opens_with_its_pin_for_a_month_in_the_one_role(devices, clock):  # S30
    secret, device = await devices.remember(ANNA, PIN)
    clock.advance(timedelta(days=29))
    opened = await devices.unlock(secret, PIN)
    assert (opened.id, opened.owner.id, opened.owner.sites) == (device.id, "anna", ("halton",))
    assert (opened.owner.via, opened.owner.roles) == ("device", ("volunteer",))
    clock.advance(timedelta(days=2))
    assert await devices.unlock(secret, PIN) is None
    assert await devices.find(secret) is None


async def test_a_lost_phone_is_forgotten_from_anywhere_and_at_once(devices):  # S30
    secret, device = await devices.remember(ANNA, PIN)
    kept, _ = await devices.remember(replace(ANNA, id="beth"), PIN)
    assert await devices.forget("anna") == [device.id]
    assert await devices.find(secret) is None
    assert await devices.unlock(secret, PIN) is None
    assert await devices.find(kept) is not None


async def test_a_pin_is_tried_five_times_even_by_many_at_once(devices):
    secret, _ = await devices.remember(ANNA, PIN)

    async def guess(number: int) -> int | None:
        try:
            opened = await devices.unlock(secret, f"{number:06d}")
        except WrongPin as wrong:
            return wrong.left
        return None if opened is None else -1

    answers = await asyncio.gather(*(guess(number) for number in range(20)))
    assert sorted(one for one in answers if one) == [1, 2, 3, 4]
    assert -1 not in answers
    assert await devices.find(secret) is None


async def test_a_right_pin_forgives_wrong_ones(devices):
    secret, _ = await devices.remember(ANNA, PIN)
    for _ in range(3):
        for wrong in ("111112", "111113"):
            with pytest.raises(WrongPin):
                await devices.unlock(secret, wrong)
        assert await devices.unlock(secret, PIN) is not None


@pytest.mark.parametrize("pin", ["", "12345", "1234567", "000000", "123456", "654321", "12345a", "１２３９５１"])
async def test_a_pin_anybody_would_try_first_is_none(devices, pin):
    with pytest.raises(ValueError, match="PIN"):
        await devices.remember(ANNA, pin)


@pytest.fixture
async def links(database: Any, clock: HandClock) -> Links:
    made = Links(database, link_limits(), clock)
    await made.ensure_indexes()
    return made


async def test_a_link_opens_one_page_once_with_its_word_however_it_is_typed(links):  # S10
    secret = await links.make("her-page", HER, WORD)
    with pytest.raises(NotOpened):
        await links.open(secret, "another-page", WORD)
    opened = await links.open(secret, "her-page", " kettle drum ")
    assert (opened.purpose, opened.subject) == ("her-page", HER)
    with pytest.raises(NotOpened):
        await links.open(secret, "her-page", WORD)


async def test_a_link_is_over_after_its_hours_or_when_it_is_revoked(links, clock):  # S10
    old, revoked, kept = [await links.make("her-page", subject, WORD) for subject in (HER, HER, UUID(int=6))]
    assert await links.revoke(HER, "another-page") == 0
    assert await links.revoke(HER) == 2
    clock.advance(timedelta(hours=23))
    assert (await links.open(kept, "her-page", WORD)).subject == UUID(int=6)
    for gone in (old, revoked):
        with pytest.raises(NotOpened):
            await links.open(gone, "her-page", WORD)
    late = await links.make("her-page", HER, WORD)
    clock.advance(timedelta(hours=24))
    with pytest.raises(NotOpened):
        await links.open(late, "her-page", WORD)


async def test_words_are_tried_slowly_and_few_times(links, clock):  # S10
    secret = await links.make("her-page", HER, WORD)
    for _ in range(3):
        with pytest.raises(NotOpened):
            await links.open(secret, "her-page", "guess")
    with pytest.raises(TooOften):
        await links.open(secret, "her-page", WORD)
    clock.advance(timedelta(minutes=2))
    for _ in range(2):
        with pytest.raises(NotOpened):
            await links.open(secret, "her-page", "guess")
    clock.advance(timedelta(minutes=2))
    with pytest.raises(NotOpened):
        await links.open(secret, "her-page", WORD)


async def test_of_many_who_open_a_link_at_once_one_does(links):
    secret = await links.make("her-page", HER, WORD)
    tries = await asyncio.gather(*(links.open(secret, "her-page", WORD) for _ in range(3)), return_exceptions=True)
    assert sum(not isinstance(one, Exception) for one in tries) == 1


async def test_what_is_kept_of_a_link_opens_nothing(links, database):
    secret = await links.make("her-page", HER, WORD)
    kept = str(await database["links"].find().to_list())
    assert secret not in kept
    assert "ettle" not in kept
