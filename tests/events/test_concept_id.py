"""Digits that are a SNOMED CT concept pass for a code; a name, an NHS number or a telephone number never does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events.concept_id import is_concept_id

# Published in the standard's own code lists: international (partition 00) and the UK's extension (partition 10).
CONCEPTS = ("401206008", "707087005", "35489007", "6471006", "836881000000105", "878111000000109", "766561000000109")


@pytest.mark.parametrize("code", CONCEPTS)
def test_published_concepts_pass(code: str) -> None:
    assert is_concept_id(code)


@pytest.mark.parametrize("code", CONCEPTS)
@given(place=st.integers(0, 14), digit=st.sampled_from("0123456789"))
def test_no_single_wrong_digit_passes(code: str, place: int, digit: str) -> None:
    place %= len(code)
    wrong = code[:place] + digit + code[place + 1 :]

    assert is_concept_id(wrong) == (wrong == code)


@pytest.mark.parametrize(
    "other",
    ["", "U", "Quillfeather-Test", "9990704848", "07700900123", "447700900123", "12345", "4012060080", "٤٠١٢٠٦٠٠٨"],
)
def test_nothing_else_passes(other: str) -> None:
    assert not is_concept_id(other)


@given(st.integers(0, 999_999_999))
def test_no_valid_nhs_number_passes(nine: int) -> None:
    digits = f"{nine:09d}"
    check = (11 - sum(int(d) * w for d, w in zip(digits, range(10, 1, -1), strict=True)) % 11) % 11

    assert check == 10 or not is_concept_id(f"{digits}{check}")
