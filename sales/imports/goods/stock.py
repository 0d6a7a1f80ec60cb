"""A file of day-end stock: one row per store, day and product, whose movements must add up."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from organization.imports.copying import copy_models
from organization.imports.journal import rests_note
from organization.imports.reading import Layout, Source
from organization.imports.rows import clean_rows
from organization.imports.tally import Tally
from organization.jobs import Progress
from organization.models import Import
from sales.imports.goods.cells import QUANTITIES, cleaners, product_of
from sales.imports.previews import short
from sales.models import StockDay, StockDayHistory

CHUNK = 5_000
FIELDS = ("store_id", "day", "product_id", *QUANTITIES)
REQUIRED = {"store", "day", "opening", "received", "sold", "closing"}
Key = tuple[int, Any, int]


def merge_stock(record: Import, file: Source, layout: Layout, progress: Progress) -> Tally:
    """Import handler for day-end stock; a row that does not add up is set aside."""
    tally, rests = Tally(), Counter[int]()
    rows = clean_rows(file, layout, cleaners(record), REQUIRED, tally)
    sound = _sound(rows, record, tally)
    while chunk := dict(itertools.islice(sound, CHUNK)):
        rests.update(_take(chunk, record, tally))
        progress.say(_("%(rows)s rows read") % {"rows": f"{tally.read:,}"})
    rests_note(record, rests)
    return tally


def _sound(
    rows: Iterable[tuple[int, dict[str, Any]]], record: Import, tally: Tally
) -> Iterator[tuple[int, StockDay]]:
    for row, values in rows:
        product = product_of(values)
        stock = {name: values.get(name, Decimal(0)) for name in QUANTITIES}
        if product is None:
            tally.refuse(row, "product", "", _("The row names no product."))
        elif reason := _difference(**stock):
            tally.refuse(row, "closing", str(stock["closing"]), reason)
        else:
            _note_day(values["day"], tally)
            yield (
                row,
                StockDay(
                    store_id=values["store"],
                    day=values["day"],
                    product_id=product.pk,
                    imported_by=record,
                    **stock,
                ),
            )


def _difference(closing: Decimal, opening: Decimal, received: Decimal, sold: Decimal, **more: Decimal) -> str:
    comes_to = opening + received - sold + more["adjusted"] + more["other"]
    if comes_to == closing:
        return ""
    said = {"sum": short(comes_to), "closing": short(closing)}
    return _("Opening and movements come to %(sum)s, the closing stock says %(closing)s.") % said


def _note_day(day: date, tally: Tally) -> None:
    first, last = tally.days or (day, day)
    tally.days = min(first, day), max(last, day)


def _take(chunk: dict[int, StockDay], record: Import, tally: Tally) -> Counter[int]:
    """Write what is new or other; unchanged rows by the import that wrote them."""
    rests = Counter[int]()
    there = _there(chunk.values())
    fresh: list[StockDay] = []
    changed: list[StockDay] = []
    gone: list[StockDayHistory] = []
    for row, new in chunk.items():
        old = there.get(_key(new))
        if old is None:
            there[_key(new)] = new
            fresh.append(new)
            tally.added += 1
        elif all(getattr(old, name) == getattr(new, name) for name in QUANTITIES):
            tally.unchanged += 1
            rests[old.imported_by_id] += 1
        elif old.imported_by_id == record.pk:
            tally.refuse(
                row, "product", "", _("Another row of this file says something else of this product.")
            )
        else:
            gone.append(_replaced(old, record))
            for name in QUANTITIES:
                setattr(old, name, getattr(new, name))
            old.imported_by = record
            changed.append(old)
            tally.updated += 1
    copy_models(fresh)
    copy_models(gone)
    StockDay.unscoped.bulk_update(changed, [*QUANTITIES, "imported_by"], batch_size=1_000)
    return rests


def _key(stock: StockDay) -> Key:
    return stock.store_id, stock.day, stock.product_id


def _there(rows: Iterable[StockDay]) -> dict[Key, StockDay]:
    """What is stored of the stores, days and products of these rows."""
    stores, days, products = zip(*map(_key, rows), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT s.id FROM unnest(%s::bigint[], %s::date[], %s::bigint[]) AS k (store, day, product)
                 JOIN sales_stockday s
                   ON s.store_id = k.store AND s.day = k.day AND s.product_id = k.product""",
            [list(stores), list(days), list(products)],
        )
        ids = [pk for (pk,) in cursor.fetchall()]
    return {_key(stock): stock for stock in StockDay.unscoped.filter(pk__in=ids)}


def _replaced(old: StockDay, record: Import) -> StockDayHistory:
    kept = {name: getattr(old, name) for name in (*FIELDS, "imported_by_id")}
    return StockDayHistory(**kept, replaced_by=record)
