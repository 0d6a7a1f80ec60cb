"""Exact sums over columns of texts."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from organization.imports import columns as cells
from organization.imports.columns import BadCell
from organization.imports.copying import decimals
from organization.imports.values import NumberForm
from sales.imports.distinct import BAD, Distinct

PRICE_DIGITS, QUANTITY_DIGITS = 4, 3
_FORM = NumberForm()


def fixed(texts: pa.Array, digits: int, *, empty: int = BAD) -> NDArray[np.int64]:
    """Numbers as integers of 10^-digits; BAD for what is none."""

    def clean(text: str) -> int:
        value = cells.number(_FORM.canonical(text) or text).scaleb(digits)
        if value != value.to_integral_value():
            raise BadCell
        return int(value)

    return Distinct(clean, empty=empty).integers(texts)


def gross_cents(prices: pa.Array, quantities: pa.Array) -> NDArray[np.int64]:
    """Price × quantity, rounded half away from zero; BAD where either is no number."""
    price, quantity = fixed(prices, PRICE_DIGITS), fixed(quantities, QUANTITY_DIGITS)
    bad = (price == BAD) | (quantity == BAD)
    product = np.where(bad, 0, price) * np.where(bad, 0, quantity)
    unit = 10 ** (PRICE_DIGITS + QUANTITY_DIGITS - 2)
    cents = np.sign(product) * ((np.abs(product) + unit // 2) // unit)
    return np.where(bad, BAD, cents)


def money(cents: NDArray[np.int64]) -> pa.Array:
    """Cents as texts; "" for BAD."""
    texts = decimals(np.where(cents == BAD, 0, cents), scale=2).cast(pa.string())
    return pa.compute.if_else(pa.array(cents == BAD), "", texts)


def shares(parts: list[int], whole: int) -> list[int]:
    """`whole` spread over parts in proportion, to the last cent."""
    of_all, before, found, upto = sum(parts), 0, [], 0
    for part in parts:
        upto += part
        now = int((Decimal(upto) * whole / of_all).to_integral_value())
        found.append(now - before)
        before = now
    return found
