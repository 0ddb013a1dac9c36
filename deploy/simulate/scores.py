"""Questionnaire totals shaped after the pilot's published table, so that the printed change can be checked by eye.

Source: Parents in Mind pilot summary, Table 1 (n=103; anxiety 13.07 to 10.53, depression 8.80 to 6.29).
"""

import random

FOLLOWED_UP = 103
ANXIETY = (1346, 1085)
DEPRESSION = (906, 648)
HIGHEST = 21


def paired_totals(totals: tuple[int, int], spread: int, seed: int) -> list[tuple[int, int]]:
    """`FOLLOWED_UP` pairs (before, after) of one subscale, each 0 to 21, that add up to exactly `totals`."""
    chance = random.Random(seed)
    before = _values(totals[0], spread, chance)
    changes = _values_around(totals[1] - totals[0], [(-value, HIGHEST - value) for value in before], chance)
    return [(value, value + change) for value, change in zip(before, changes, strict=True)]


def _values(total: int, spread: int, chance: random.Random) -> list[int]:
    middle = total // FOLLOWED_UP
    drawn = [min(HIGHEST, max(0, middle + chance.randint(-spread, spread))) for _ in range(FOLLOWED_UP)]
    return _settle(drawn, total, [(0, HIGHEST)] * FOLLOWED_UP, chance)


def _values_around(total: int, limits: list[tuple[int, int]], chance: random.Random) -> list[int]:
    middle = total / FOLLOWED_UP
    drawn = [min(high, max(low, round(chance.gauss(middle, 3.5)))) for low, high in limits]
    return _settle(drawn, total, limits, chance)


def _settle(values: list[int], total: int, limits: list[tuple[int, int]], chance: random.Random) -> list[int]:
    while (missing := total - sum(values)) != 0:
        step = 1 if missing > 0 else -1
        place = chance.randrange(len(values))
        low, high = limits[place]
        if low <= values[place] + step <= high:
            values[place] += step
    return values
