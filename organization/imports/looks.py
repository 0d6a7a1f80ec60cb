"""What the values of a column look like; apps add what only the database knows."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from organization.imports.columns import FLAGS
from organization.imports.values.dates import DateForm

Test = Callable[[list[str]], float]  # the share of the distinct values that look so


@dataclass(frozen=True)
class Look:
    """`columns` of ours whose values look like this, and how much it says of them that they do."""

    columns: frozenset[str]
    why: Promise
    test: Test
    weight: float
    needed: bool = False  # a column of ours whose values do not look so is not this one
    names_things: bool = False  # a value that does not look so names what is not here


def _matching(pattern: str) -> Test:
    compiled = re.compile(pattern)
    return lambda values: sum(bool(compiled.fullmatch(value)) for value in values) / len(values)


def _days(holds: str, *, timed: bool) -> Test:
    """Days, or days with a time; where month and day may be either, that is a date all the same."""
    forms = [DateForm(holds, order) for order in ("dmy", "mdy")]

    def share(values: list[str]) -> float:
        made = [next((day for form in forms if (day := form.canonical(value))), "") for value in values]
        serial = re.compile(r"\d{5}")  # Five digits are rather a number than a day.
        found = [
            bool(day) and (":" in day) == timed and not serial.fullmatch(value)
            for day, value in zip(made, values, strict=True)
        ]
        return sum(found) / len(values)

    return share


def _whole(values: list[str]) -> float:
    small = [bool(re.fullmatch(r"-?\d{1,3}([.,]0+)?", value)) for value in values]
    return sum(small) / len(values)


LOOKS: list[Look] = [
    Look(
        frozenset({"phone"}),
        _("the values are mobile numbers"), _matching(r"(\+?86[- ]?)?1[3-9]\d{9}"), 0.85, True,
    ),
    Look(
        frozenset({"moment", "age_verified_at"}),
        _("the values are dates with a time"), _days("moment", timed=True), 0.8,
    ),
    Look(
        frozenset({"moment", "business_day", "birth_date", "enrolled_on", "age_verified_at"}),
        _("the values are dates"), _days("moment", timed=False), 0.55,
    ),
    Look(
        frozenset({"time"}),
        _("the values are times of day"), _matching(r"\d{1,2}:\d{2}(:\d{2})?( ?[AaPp][Mm])?"), 0.8, True,
    ),
    Look(
        frozenset({"email"}),
        _("the values are e-mail addresses"), _matching(r"[^@\s]+@[^@\s]+\.[^@\s]+"), 0.85, True,
    ),
    Look(
        frozenset({"barcode", "pack_barcode", "carton_barcode"}),
        _("the values are barcodes"), _matching(r"\d{8}|\d{12,14}"), 0.6,
    ),
    Look(
        frozenset({"amount", "total", "price", "buy_price", "discount", "retail_price"}),
        _("the values are amounts of money"),
        _matching(r"\(?[-+]?[¥$€£]?\s?-?[\d.,']*\d[.,]\d{2}\s?[元圆]?-?\)?"), 0.5,
    ),
    Look(
        frozenset({"quantity"}),
        _("the values are small whole numbers"), _whole, 0.5,
    ),
    Look(
        frozenset({"is_tobacco", "capsule", "consent_sms", "consent_wechat", "consent_email", "self_excluded",
                   "is_active", "active"}),
        _("the values are yes or no"),
        lambda values: sum(value.lower() in FLAGS for value in values) / len(values), 0.3,
    ),
]  # fmt: skip
Known = Callable[[set[str]], set[str]]


def register_known(columns: Iterable[str], why: Promise, known: Known) -> None:
    """Columns whose values the database can find; `known` gives those that are there."""
    LOOKS.insert(
        0,
        Look(
            frozenset(columns),
            why,
            lambda values: len(known(set(values)) & set(values)) / len(values),
            0.95,
            names_things=True,
        ),
    )
