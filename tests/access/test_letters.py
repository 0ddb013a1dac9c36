"""Only the one written to can open a letter; a change on its way, another's key and a forgery open nothing."""

from pathlib import Path

import pytest

from shared.access.letters import Letters, Reading, Unreadable
from shared.access.service_keys import Signer, Trusted, make_keys, publish
from shared.runtime.clock import SystemClock
from shared.runtime.problems import Refused

SAID = {"case": "c", "card": {"given": "Anna"}}


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """Two services' keys, published."""
    for name in ("safeguarding", "support"):
        again(tmp_path, name, "2026-11")
    return tmp_path


def again(keys: Path, name: str, month: str) -> None:
    """A further month's keys."""
    make_keys(keys / name, month)
    publish(keys / name, keys / "trusted", name)


def test_the_one_written_to_reads_it_and_nobody_else(keys: Path) -> None:
    letter = Letters(keys / "trusted").seal("safeguarding", SAID)

    assert Reading(keys / "safeguarding").open(letter) == SAID
    assert "Anna" not in letter
    with pytest.raises(Unreadable):
        Reading(keys / "support").open(letter)


def test_two_letters_of_the_same_words_look_different(keys: Path) -> None:
    letters = Letters(keys / "trusted")

    assert letters.seal("safeguarding", SAID) != letters.seal("safeguarding", SAID)


def test_what_the_last_key_was_sent_is_still_opened_and_the_newest_is_written_to(keys: Path) -> None:
    before = Letters(keys / "trusted").seal("safeguarding", SAID)
    again(keys, "safeguarding", "2026-12")
    after = Letters(keys / "trusted").seal("safeguarding", SAID)
    (keys / "safeguarding" / "reading" / "2026-11.pem").unlink()

    assert Reading(keys / "safeguarding").open(after) == SAID
    with pytest.raises(Unreadable):
        Reading(keys / "safeguarding").open(before)


@pytest.mark.parametrize("place", range(5))
def test_a_letter_changed_in_any_part_is_not_opened(keys: Path, place: int) -> None:
    parts = Letters(keys / "trusted").seal("safeguarding", SAID).split(".")
    parts[place] = f"{'B' if parts[place][:1] == 'A' else 'A'}{parts[place][1:]}"

    with pytest.raises(Unreadable):
        Reading(keys / "safeguarding").open(".".join(parts))


@pytest.mark.parametrize("letter", ["", "a.b.c.d.e", "x" * 200_001, "ä", "..,.."])
def test_what_is_no_letter_is_not_opened(keys: Path, letter: str) -> None:
    with pytest.raises(Unreadable):
        Reading(keys / "safeguarding").open(letter)


def test_a_service_without_a_key_opens_nothing(keys: Path) -> None:
    letter = Letters(keys / "trusted").seal("safeguarding", SAID)

    with pytest.raises(Unreadable):
        Reading(keys / "nothing-here").open(letter)


def test_nobody_is_written_to_who_published_no_key(keys: Path) -> None:
    with pytest.raises(LookupError):
        Letters(keys / "trusted").seal("nobody", SAID)


def test_a_key_for_letters_signs_for_nobody(keys: Path) -> None:
    signer = Signer("support", keys / "support" / "reading", SystemClock())
    signer._key = signer._key.import_key(signer._key.as_dict(private=True) | {"kid": "reading-2026-11"})

    with pytest.raises(Refused) as refused:
        Trusted(keys / "trusted", SystemClock()).verify(signer.sign("beside:triage", "x"), audience="beside:triage")
    assert refused.value.code == "access.service_token_key"
