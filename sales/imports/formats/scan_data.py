"""Scan data as American chains send it every week: 34 fields parted by bars, a line per product.

Most of these files have no header row. The price is final, so that what was paid is price × quantity;
the discounts beside it say who gave how much.
"""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from organization.imports.columns import plain_title
from organization.imports.shapes import each_text
from organization.imports.values import DateForm
from sales.imports.distinct import BAD
from sales.imports.formats.arithmetic import fixed, gross_cents, money

FIELDS = [
    "outlet_name", "outlet_number", "address_1", "address_2", "city", "state", "zip", "transaction_time",
    "transaction_id", "scan_id", "register", "units", "final_price", "upc_code", "upc_description",
    "unit_of_measure", "promotion_flag", "outlet_multipack_flag", "outlet_multipack_quantity",
    "outlet_multipack_discount", "account_promotion", "account_discount", "manufacturer_discount",
    "pid_coupon", "pid_coupon_discount", "manufacturer_multipack_flag", "manufacturer_multipack_quantity",
    "manufacturer_multipack_discount", "manufacturer_promotion", "manufacturer_buydown",
    "manufacturer_buydown_amount", "manufacturer_multipack", "loyalty_id", "coupon",
]  # fmt: skip
SAME = {
    "store": "outlet_number", "number": "transaction_id", "till": "register", "quantity": "units",
    "price": "final_price", "barcode": "upc_code", "product_name": "upc_description", "card": "loyalty_id",
}  # fmt: skip
PAID_BY = {
    "discount_account": ("account_discount",),
    "discount_manufacturer": (
        "manufacturer_discount", "manufacturer_multipack_discount", "manufacturer_buydown_amount",
    ),
    "discount_coupon": ("pid_coupon_discount",),
    "discount_multipack": ("outlet_multipack_discount",),
}  # fmt: skip
WORKED_OUT = {
    "moment": ("transaction_time",), "line": ("scan_id",), "unit": ("unit_of_measure",), "is_tobacco": (),
    "amount": ("units", "final_price"), "discount": tuple(field for by in PAID_BY.values() for field in by),
}  # fmt: skip
# Several packs or cans under one code; anything else is one of them.
CARTONS = {"CARTON", "CARTONS", "CTN", "CT", "CAR", "ROLL", "ROLLS", "SLEEVE", "SLEEVES"}
LINE_DIGITS = 7

_DATE_FIRST = re.compile(r"(\d{1,4}[-/]\d{1,2}[-/]\d{1,4}|\d{8}|\d{14})(\D.*)?")
_MONTH_FIRST = re.compile(r"(?P<m>\d\d)(?P<d>\d\d)(?P<y>(?:19|20)\d\d)(?P<rest>\D.*|\d{4}|\d{6}|)", re.ASCII)
_SHORT_YEAR = re.compile(r"(?P<m>\d{1,2})[-/](?P<d>\d{1,2})[-/](?P<y>\d\d)(?P<rest>\D.*|)", re.ASCII)
_FORM = DateForm("moment", "mdy")


def is_scan_data(first_row: list[str]) -> bool:
    """Whether a first row is one of such a file, be it titles or values."""
    return _are_titles(first_row) or _are_values(first_row)


def names_of_fields(first_row: list[str]) -> list[str]:
    """The fields in their order, for a first row of values."""
    return FIELDS if _are_values(first_row) else []


def _fits(row: list[str]) -> bool:
    return len(row) == len(FIELDS) or (len(row) == len(FIELDS) + 1 and not row[-1])


def _are_titles(row: list[str]) -> bool:
    plain = [plain_title(title) for title in row]
    return _fits(row) and "outlet" in plain[1] and "transaction" in plain[8] and "upc" in plain[13]


def _are_values(row: list[str]) -> bool:
    if not _fits(row):
        return False
    number = r"-?\$?\d*\.?\d+"
    wanted = {7: _DATE_FIRST.pattern, 11: number, 12: number, 13: r"\d{6,14}", 5: r"[A-Za-z]{2}|"}
    return all(re.fullmatch(pattern, row[at].strip()) for at, pattern in wanted.items())


class ScanData:
    """A shape: the fields by their place, whatever they are called."""

    keeps_rows = True

    def titles(self, header: list[str]) -> list[str]:
        """Our columns, then the fields that become none of them."""
        self._rest = [at for at, name in enumerate(FIELDS) if name not in _used()]
        return [*SAME, *WORKED_OUT, *PAID_BY, *(FIELDS[at] for at in self._rest)]

    def origin(self, name: str) -> str:
        """The fields that a column of ours is made of."""
        if name in SAME:
            return SAME[name]
        first, *more = (WORKED_OUT | PAID_BY)[name] or ("–",)
        return f"{first} + {len(more)}" if len(more) > 1 else ", ".join([first, *more])

    def unused(self, header: list[str]) -> list[str]:
        """The other fields."""
        return [FIELDS[at] for at in self._rest]

    def columns(
        self, rows: NDArray[np.int64], columns: list[pa.Array]
    ) -> tuple[NDArray[np.int64], list[pa.Array]]:
        """The same rows."""
        sent = {name: pc.utf8_trim_whitespace(column) for name, column in zip(FIELDS, columns, strict=False)}
        given = pc.not_equal(sent["upc_code"], "")
        gross = gross_cents(sent["final_price"], sent["units"])
        by = {name: _sum([sent[field] for field in fields]) for name, fields in PAID_BY.items()}
        worked_out = [
            each_text(sent["transaction_time"], plain_moment),
            each_text(sent["scan_id"], _line),
            each_text(sent["unit_of_measure"], _unit),
            pc.if_else(given, "1", ""),
            pc.if_else(pa.array(gross == BAD), sent["final_price"], money(gross)),
            _sum([sent[field] for field in WORKED_OUT["discount"]]),
        ]
        rest = [columns[at] for at in self._rest]
        return rows, [*(sent[field] for field in SAME.values()), *worked_out, *by.values(), *rest]


def _used() -> set[str]:
    return {*SAME.values(), *(field for fields in WORKED_OUT.values() for field in fields)}


def plain_moment(text: str) -> str:
    """Month first, as in America; what cannot be read stays as it is."""
    plain = text
    for pattern in (_MONTH_FIRST, _SHORT_YEAR):
        if found := pattern.fullmatch(text):
            year = found["y"] if len(found["y"]) == 4 else f"20{found['y']}"
            clock = re.sub(r"^[-\sT]+", "", found["rest"])
            plain = f"{found['m']}/{found['d']}/{year} {clock}".strip()
            break
    plain = re.sub(r"(?<=\d{4})-(?=\d{1,2}:)", " ", plain)
    # Where the zone is written behind it, the clock is that of the store already.
    plain = re.sub(r"(T.*)[+-]\d\d:?\d\d$", r"\1", plain)
    return _FORM.canonical(plain) or text


def _line(text: str) -> str:
    """The end of a long id: within one receipt it tells the lines apart."""
    return text[-LINE_DIGITS:].lstrip("0") or text if text.isdecimal() else text


def _unit(text: str) -> str:
    return "CARTON" if text.upper().rstrip(".") in CARTONS else text


def _sum(columns: list[pa.Array]) -> pa.Array:
    """Discounts are written with or without a minus; "" where none is given, what is no number as it is."""
    sums = np.full(len(columns[0]), BAD)
    odd = pa.array([""] * len(sums), pa.string())
    for column in columns:
        cents = fixed(column, 2)
        known = cents != BAD
        sums = np.where(known, np.where(sums == BAD, 0, sums) + np.where(known, np.abs(cents), 0), sums)
        odd = pc.if_else(pa.array(known), odd, pc.if_else(pc.equal(column, ""), odd, column))
    return pc.if_else(pc.equal(odd, ""), money(sums), odd)
