"""How each column of a file writes its numbers and dates, or a sentence that says what is unclear."""

from django.utils.translation import gettext as _

from organization.imports.columns import Column
from organization.imports.tables import Form, Layout
from organization.imports.values import (
    Unclear,
    proven_mark,
    proven_order,
    recognise_dates,
    recognise_numbers,
)
from organization.jobs import JobError


def recognise(columns: list[Column], sample: dict[str, list[str]], layout: Layout) -> dict[str, Form]:
    """Forms by column; `sample` holds distinct texts of each from all over the file.

    A column that can be read in two ways is read as the file's other columns are.
    """
    numbers = [sample[column.name] for column in columns if column.holds == "number"]
    dates = [sample[column.name] for column in columns if column.holds in ("day", "moment")]
    mark, order = _usual(map(proven_mark, numbers)), _usual(map(proven_order, dates))
    forms: dict[str, Form] = {}
    for column in columns:
        texts = sample[column.name]
        try:
            if column.holds == "number":
                forms[column.name] = recognise_numbers(texts, digits=column.digits, usual=mark)
            else:
                forms[column.name] = recognise_dates(texts, holds=column.holds, usual=order)
        except Unclear as unclear:
            title = layout.header[layout.positions[column.name]]
            raise JobError(_sentence(unclear, title)) from None
    return forms


def _usual(proven: "map[str]") -> str:
    """What the columns that prove something agree on."""
    found = set(proven) - {""}
    return found.pop() if len(found) == 1 else ""


def _sentence(unclear: Unclear, title: str) -> str:
    """No value is named: it may be somebody's day of birth."""
    sentences = {
        "decimals": _(
            "Column %(title)s: a number such as 1,500 can be read in two ways, and no row decides. "
            "Write numbers with a decimal point and without thousands separators."
        ),
        "mixed_decimals": _(
            "Column %(title)s has decimal commas in some rows and decimal points in others. Write all alike."
        ),
        "order": _(
            "Column %(title)s: in a date such as 3/5/2026 the day or the month may come first, "
            "and no row decides. Write dates as 2026-03-05."
        ),
        "mixed_order": _(
            "Column %(title)s has dates with the day first and dates with the month first. "
            "Write dates as 2026-03-05."
        ),
    }
    return sentences[unclear.kind] % {"title": title}
