"""How figures are rounded and written: half up, from exact fractions, and never a p of zero."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

SMALLEST_P = 0.0001


def percent(n: int, of: int) -> int | None:
    """Whole per cent, halves upwards; None of nothing."""
    return int((Fraction(200 * n, of) + 1) // 2) if of else None


def two_decimals(value: Fraction | float) -> float:
    """`value` to two decimals, halves away from zero."""
    exact = value if isinstance(value, Fraction) else Fraction(repr(value))
    return float((Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal("0.01"), ROUND_HALF_UP))


def p_text(p: float) -> str:
    """How a p value is printed: `p=0.0123`, and `p<0.0001` instead of zeros (R110)."""
    return f"p<{SMALLEST_P:.4f}" if p < SMALLEST_P else f"p={p:.4f}"
