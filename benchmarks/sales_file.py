"""A month of sales as a file, the same for the same number of lines; made once and kept.

One line in a hundred is bad in one of the ways that real exports are bad, one in twenty says again
what another says, and receipts stand in the order in which they were sold, all stores mixed.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from benchmarks.chain import (
    PRODUCTS,
    STORES,
    TOBACCO,
    carton_barcode,
    pack_barcode,
    phone,
    store_licence,
)
from organization.imports.copying import decimals

FIRST_DAY, DAYS = date(2025, 5, 1), 30
SECONDS_OPEN = 18 * 3600  # from 08:00 until the business day ends at 02:00
TILLS, LINES_PER_RECEIPT = 3, 1.7
OF_members, RETURNED, AGAIN, BAD = 0.6, 0.01, 0.05, 0.01
Columns = dict[str, pa.Array]


def sales_file(folder: Path, lines: int) -> Path:
    """The file of so many lines in a folder; one bit of another file would be another benchmark."""
    path = folder / f"sales-{lines}.csv"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        plain = pa_csv.WriteOptions(quoting_style="needed", quoting_header="needed")
        pa_csv.write_csv(_table(np.random.default_rng(lines), lines), draft, plain)
        draft.replace(path)
    return path


def members_of(lines: int) -> int:
    """How many members buy what is in a file of so many lines."""
    return max(100, min(100_000, lines // 10))


def _table(random: np.random.Generator, lines: int) -> pa.Table:
    repeated = int(lines * AGAIN)
    sizes = _sizes(random, lines - repeated)
    head = _receipts(random, len(sizes), members_of(lines))
    of = np.repeat(np.arange(len(sizes)), sizes)
    rows = _lines(random, of, sizes, head["trade_type"].to_numpy(zero_copy_only=False) == "1")
    columns = {name: values.take(pa.array(of)) for name, values in head.items()} | rows
    order = np.r_[np.arange(len(of)), _again(random, sizes, repeated)]
    table = pa.table(columns).take(pa.array(order))
    return _spoil(random, table)


def _sizes(random: np.random.Generator, lines: int) -> NDArray[np.int64]:
    """Lines of each receipt, as many as there are in all."""
    drawn = np.minimum(random.geometric(1 / LINES_PER_RECEIPT, lines), 20)
    ends = np.cumsum(drawn)
    count = int(np.searchsorted(ends, lines)) + 1
    sizes = drawn[:count]
    sizes[-1] -= ends[count - 1] - lines
    return sizes


def _receipts(random: np.random.Generator, count: int, members: int) -> Columns:
    seconds = np.sort(random.integers(0, DAYS * SECONDS_OPEN, count))
    day, second = seconds // SECONDS_OPEN, seconds % SECONDS_OPEN + 8 * 3600
    moment = _days(FIRST_DAY, day) * 86_400 + second
    store, till = random.integers(0, STORES, count), random.integers(1, TILLS + 1, count)
    number = _numbers(day, store, till)
    buyer = np.minimum(random.exponential(members / 4, count).astype(np.int64), members - 1)
    returned = random.random(count) < RETURNED
    sold = _sold_before(store)
    return {
        "license_code": _named(store_licence, STORES, store),
        "clientorderid": number,
        "inputtime": pc.strftime(pa.array(moment, pa.timestamp("s")), "%Y%m%d%H%M%S"),
        "PosNo": pa.array(till).cast(pa.string()),
        "mobilephone": pc.if_else(
            pa.array(random.random(count) < OF_members), _named(phone, members, buyer), ""
        ),
        "trade_type": pc.if_else(pa.array(returned), "1", "0"),
        "original_orderid": pc.if_else(pa.array(returned), number.take(pa.array(sold)), ""),
        "payment": pa.array(["1", "3", "4"]).take(pa.array(random.integers(0, 3, count))),
    }


def _sold_before(store: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each receipt the one before it in the same store, which it may bring back."""
    order = np.argsort(store, kind="stable")
    before = np.empty(len(store), np.int64)
    before[order] = np.r_[order[:1], order[:-1]]
    return before


def _days(first: date, day: NDArray[np.int64]) -> NDArray[np.int64]:
    return day + (first - date(1970, 1, 1)).days


def _numbers(day: NDArray[np.int64], store: NDArray[np.int64], till: NDArray[np.int64]) -> pa.Array:
    """Day, till and a running number of that day's till, as tills print them."""
    series = (day * STORES + store) * 10 + till
    order = np.argsort(series, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(series[order]) != 0])
    running = np.empty(len(series), np.int64)
    running[order] = np.arange(len(series)) - np.repeat(starts, np.diff(np.r_[starts, len(series)]))
    dates = pc.strftime(pa.array(_days(FIRST_DAY, day).astype(np.int32), pa.date32()), "%Y%m%d")
    return pc.binary_join_element_wise(dates, _padded(till, 2), _padded(running + 1, 5), "")


def _padded(values: NDArray[np.int64], width: int) -> pa.Array:
    return pc.utf8_lpad(pa.array(values).cast(pa.string()), width, padding="0")


def _named(name: Callable[[int], str], count: int, chosen: NDArray[np.int64]) -> pa.Array:
    return pa.array([name(number) for number in range(count)]).take(pa.array(chosen))


def _lines(
    random: np.random.Generator,
    of: NDArray[np.int64],
    sizes: NDArray[np.int64],
    returned: NDArray[np.bool_],
) -> Columns:
    count = len(of)
    product = np.minimum(random.exponential(PRODUCTS / 5, count).astype(np.int64), PRODUCTS - 1)
    carton = (product < TOBACCO) & (random.random(count) < 0.1)
    quantity = random.choice([1, 1, 1, 2, 3], count)
    price = (np.random.default_rng(7).integers(4, 120, PRODUCTS) * 50)[product]
    amount = quantity * price * np.where(carton, 10, 1)
    discount = np.where(random.random(count) < 0.05, amount // 10, 0)
    total = np.bincount(of, amount - discount, len(sizes)).astype(np.int64)[of]
    starts = np.cumsum(sizes) - sizes
    codes = [pack_barcode(n) for n in range(PRODUCTS)] + [carton_barcode(n) for n in range(PRODUCTS)]
    sign = np.where(returned[of], -1, 1)
    return {
        "line_no": pa.array(np.arange(count) - starts[of] + 1).cast(pa.string()),
        "dtl_barcode": pa.array(codes).take(pa.array(product + carton * PRODUCTS)),
        "dtl_quantity": pa.array(sign * quantity).cast(pa.string()),
        "dtl_discount": decimals(sign * discount, scale=2).cast(pa.string()),
        "dtl_amount": decimals(sign * (amount - discount), scale=2).cast(pa.string()),
        "receipt_amount": decimals(sign * total, scale=2).cast(pa.string()),
    }


def _again(random: np.random.Generator, sizes: NDArray[np.int64], lines: int) -> NDArray[np.int64]:
    """The places of receipts that are sent a second time."""
    starts = np.cumsum(sizes) - sizes
    chosen = random.choice(len(sizes), min(len(sizes), lines), replace=False)
    places = [np.arange(starts[receipt], starts[receipt] + sizes[receipt]) for receipt in chosen]
    return np.concatenate([*places, np.zeros(0, np.int64)])[:lines]


def _spoil(random: np.random.Generator, table: pa.Table) -> pa.Table:
    """Bad cells, each kind in as many rows."""
    faults = {
        "license_code": "99119999",
        "inputtime": "20250532100000",
        "dtl_barcode": "",
        "dtl_quantity": "1包",
        "dtl_amount": "1.005",
        "mobilephone": "199****1111",
    }
    share = round(table.num_rows * BAD / len(faults))
    rows = random.choice(table.num_rows, share * len(faults), replace=False)
    for place, (name, text) in enumerate(faults.items()):
        mask = np.zeros(table.num_rows, bool)
        mask[rows[place * share : (place + 1) * share]] = True
        spoilt = pc.if_else(pa.array(mask), text, table[name])
        table = table.set_column(table.schema.get_field_index(name), name, spoilt)
    return table
