"""Two writings of one value meet in the index, different values do not, and nobody without the key can compute it."""

import pytest

from shared.runtime.blind_index import BlindIndex, born_and_named, normalised, sound

INDEX = BlindIndex(b"k" * 32)


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("nhs_number", "999 070 4848", "9990704848"),
        ("nhs_number", "999-070-4848", "٩٩٩0704848"),
        ("phone", "07700 900123", "+44 7700 900123"),
        ("phone", "(07700) 900-123", "0044 7700 900 123"),
        ("phone", "07700900123", "+44 (0)7700 900123"),
        ("phone", "020 7946 0991", "+442079460991"),
        ("phone", "+353 1 555 0199", "00353 1 5550199"),
        ("postcode", "ZZ99 3WZ", "zz993wz"),
        ("birth_name", "1990-02-01 Smith", "1990-02-01 SMYTHE"),
        ("birth_name", "1990-02-01 O'Brien", "1990-02-01 OBRIEN"),
        ("birth_name", "1990-02-01 Müller", "1990-02-01 Mueler"),
    ],
)
def test_two_writings_of_one_value_meet(name: str, one: str, other: str) -> None:
    assert INDEX.entry(name, one) == INDEX.entry(name, other)


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("nhs_number", "9990704848", "9990704849"),
        ("phone", "07700 900123", "07700 900124"),
        ("phone", "+353 1 555 0199", "+44 1 555 0199"),
        ("birth_name", "1990-02-01 Smith", "1990-02-02 Smith"),
        ("birth_name", "1990-02-01 Smith", "1990-02-01 Jones"),
    ],
)
def test_different_values_do_not_meet(name: str, one: str, other: str) -> None:
    assert INDEX.entry(name, one) != INDEX.entry(name, other)


def test_another_key_or_another_name_gives_another_entry() -> None:
    value = "07700900123"

    assert INDEX.entry("phone", value) != BlindIndex(b"j" * 32).entry("phone", value)
    assert INDEX.entry("phone", value).split(":")[1] != INDEX.entry("mobile", value).split(":")[1]


# expected codes: U.S. National Archives, "The Soundex Indexing System", its own examples
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Washington", "w252"), ("Lee", "l000"), ("Gutierrez", "g362"), ("Pfister", "p236"), ("Jackson", "j250"),
        ("Tymczak", "t522"), ("VanDeusen", "v532"), ("Ashcraft", "a261"), ("", ""), ("Łukasz", "łukasz"), ("李", "李"),
    ],
)  # fmt: skip
def test_names_sound_as_the_published_examples(name: str, code: str) -> None:
    assert sound(name) == code


def test_birth_date_and_name_are_kept_only_together() -> None:
    person = {"birth_date": "1990-02-01", "family": "Smith", "postcode": "ZZ99 3WZ"}

    assert INDEX.entries(person) == [
        INDEX.entry("postcode", "ZZ99 3WZ"),
        INDEX.entry("birth_name", born_and_named("1990-02-01", "Smyth")),
    ]
    assert INDEX.entries({"birth_date": "1990-02-01"}) == []
    assert INDEX.entries({"family": "Smith"}) == []


@pytest.mark.parametrize("name", ["nhs_number", "phone", "postcode", "birth_name"])
@pytest.mark.parametrize("value", ["", "  ", "-", "--"])
def test_a_value_that_says_nothing_has_no_entry(name: str, value: str) -> None:
    assert normalised(name, value) == ""
    assert INDEX.entries({name: value}) == []
