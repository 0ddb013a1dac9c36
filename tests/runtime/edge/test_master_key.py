"""Master keys rotate under running processes, and what the destroyed one wrapped opens no more."""

import secrets
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from shared.runtime.master_key import KEY_BYTES, FileMasterKey, UnknownMaster

NONCE, DATA_KEY, HERS, ANOTHERS = b"n" * 12, b"d" * 32, b"subject-1", b"subject-2"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "key").write_bytes(secrets.token_bytes(KEY_BYTES))
    return tmp_path / "key"


def test_a_wrapped_key_opens_for_its_own_person_only(path: Path) -> None:
    master = FileMasterKey(path)
    wrapped = master.wrap(DATA_KEY, NONCE, HERS)

    assert DATA_KEY not in wrapped
    assert FileMasterKey(path).unwrap(wrapped, NONCE, HERS, by=master.id) == DATA_KEY
    with pytest.raises(InvalidTag):
        master.unwrap(wrapped, NONCE, ANOTHERS, by=master.id)


def test_a_running_process_follows_a_rotation_made_by_another(path: Path) -> None:
    running, other = FileMasterKey(path), FileMasterKey(path)
    before, wrapped = running.id, running.wrap(DATA_KEY, NONCE, HERS)
    after = other.rotate()

    assert running.id == after != before
    assert running.unwrap(wrapped, NONCE, HERS, by=before) == DATA_KEY
    assert running.unwrap(running.wrap(DATA_KEY, NONCE, HERS), NONCE, HERS, by=after) == DATA_KEY


def test_a_destroyed_master_opens_nothing_and_derived_keys_outlive_it(path: Path) -> None:
    master = FileMasterKey(path)
    before, derived = master.id, master.derived("digest")
    wrapped = master.wrap(DATA_KEY, NONCE, HERS)
    master.rotate()
    master.destroy_old()

    for one in (master, FileMasterKey(path)):
        assert one.derived("digest") == derived != one.derived("other")
        with pytest.raises(UnknownMaster):
            one.unwrap(wrapped, NONCE, HERS, by=before)


def test_a_second_rotation_waits_for_the_first_to_end(path: Path) -> None:
    master = FileMasterKey(path)
    first = master.rotate()
    with pytest.raises(FileExistsError):
        master.rotate()

    assert master.id == first
    master.destroy_old()
    assert master.rotate() != first


def test_a_rotation_that_died_half_way_leaves_a_working_key(path: Path) -> None:
    """The old name was made, the new key not yet put in force: both names are one file."""
    path.with_name("key.old").hardlink_to(path)
    master = FileMasterKey(path)
    wrapped, name = master.wrap(DATA_KEY, NONCE, HERS), master.id
    master.destroy_old()

    assert FileMasterKey(path).unwrap(wrapped, NONCE, HERS, by=name) == DATA_KEY


def test_secrets_are_for_this_user_only(path: Path) -> None:
    FileMasterKey(path).rotate()

    assert {file.name: file.stat().st_mode & 0o077 for file in path.parent.iterdir() if file.name != "key.old"} == {
        "key": 0,
        "key.index": 0,
    }


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_of_another_length_is_refused(path: Path, length: int) -> None:
    path.write_bytes(b"x" * length)
    with pytest.raises(ValueError, match="32 bytes"):
        FileMasterKey(path)
