"""Tells a SNOMED CT concept id from other digits, so that no telephone or NHS number passes for a code."""

import re

SHAPE = re.compile(r"[1-9][0-9]{5,17}\Z")
CONCEPT_PARTITIONS = ("00", "10")
"""Digits two and three from the end: a concept of the international edition, or of an extension."""
SHIFTED = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
"""Verhoeff's permutation."""
NHS_WEIGHTS = range(10, 1, -1)


def is_concept_id(text: str) -> bool:
    """Whether `text` is the id of a concept by its partition and check digit, and no NHS number.

    Source: SNOMED CT Technical Implementation Guide, SCTID; the check digit is Verhoeff's. One in 500 numbers of ten
    digits would pass by chance, so those with an NHS number's own check digit are refused.
    """
    if not SHAPE.match(text) or text[-3:-1] not in CONCEPT_PARTITIONS or _is_nhs_number(text):
        return False
    check = 0
    for place, digit in enumerate(reversed(text)):
        check = _product(check, _shifted(int(digit), place))
    return check == 0


def _product(left: int, right: int) -> int:
    """The dihedral group's product: 0 to 4 are turns, 5 to 9 are mirrored turns."""
    if left < 5:
        return (left + right) % 5 if right < 5 else 5 + (left + right) % 5
    return 5 + (left - right) % 5 if right < 5 else (left - right) % 5


def _shifted(digit: int, times: int) -> int:
    for _ in range(times % 8):
        digit = SHIFTED[digit]
    return digit


def _is_nhs_number(text: str) -> bool:
    if len(text) != 10:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text, NHS_WEIGHTS, strict=False))
    return (11 - total % 11) % 11 == int(text[-1])
