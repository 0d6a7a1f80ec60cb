"""Amounts as pages write them."""

from dataclasses import dataclass
from typing import Self

from django.utils.formats import number_format

from campaigns.analytics.uplift import Range
from organization.company import currency_sign


def money(value: float, places: int = 0) -> str:
    """With the currency's sign, thousands apart, and a true minus."""
    # Rounded here because number_format cuts off.
    amount = number_format(round(abs(value), places), places, force_grouping=True)
    is_zero = not any(digit in amount for digit in "123456789")
    return f"{'−' if value < 0 and not is_zero else ''}{currency_sign()}{amount}"


def percent(share: float, places: int = 0) -> str:
    return f"{number_format(round(100 * share, places), places)}%"


@dataclass(frozen=True)
class Amount:
    """An estimate and its interval in words; `size` is the estimate without its sign."""

    estimate: str
    size: str
    low: str
    high: str
    is_less: bool

    @classmethod
    def of(cls, values: Range | None, places: int = 0) -> Self | None:
        if values is None:
            return None
        return cls(
            money(values.estimate, places),
            money(abs(values.estimate), places),
            money(values.low, places),
            money(values.high, places),
            values.estimate < 0,
        )
