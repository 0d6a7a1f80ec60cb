"""Files of documents: goods in and returns, losses and overages. A corrected document replaces."""

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from organization.imports.columns import BadCell
from organization.imports.copying import copy_models, reserve_ids
from organization.imports.journal import rests_note
from organization.imports.reading import Layout, Source
from organization.imports.rows import clean_rows
from organization.imports.tally import Tally
from organization.jobs import Progress
from organization.models import Import
from sales.imports.goods.cells import Sold, cleaners, product_of
from sales.models import GoodsDocument, GoodsDocumentHistory, GoodsKind, GoodsLine

HEAD = ("day", "supplier", "is_return")
COMPARED = ("line_number", "product_id", "quantity", "packs", "price")
NUMBERS_AT_ONCE = 2_000
Key = tuple[int, str]
Amounts = Callable[[dict[str, Any], Sold], tuple[Decimal, Decimal]]


@dataclass
class _Sent:
    """A document of the file: its head and, by row, its lines."""

    head: tuple[date, str, bool]
    rows: dict[int, GoodsLine] = field(default_factory=dict)
    is_bad: bool = False

    def lines(self) -> list[GoodsLine]:
        """In order; a line that is said twice is one."""
        return sorted({line.line_number: line for line in self.rows.values()}.values(), key=_number)


def _number(line: GoodsLine) -> int:
    return line.line_number


def _says(line: GoodsLine) -> list[Any]:
    return [getattr(line, name) for name in COMPARED]


def merge_supply(record: Import, file: Source, layout: Layout, progress: Progress) -> Tally:
    """Import handler for goods in and returns to the supplier, which go out."""

    def amounts(values: dict[str, Any], product: Sold) -> tuple[Decimal, Decimal]:
        quantity = -abs(values["quantity"]) if values["type"] else values["quantity"]
        return quantity, quantity * product.packs

    required = {"store", "number", "type", "day", "quantity"}
    return _merge(record, GoodsKind.SUPPLY, clean_with(record, file, layout, required), amounts)


def merge_loss(record: Import, file: Source, layout: Layout, progress: Progress) -> Tally:
    """Import handler for losses and overages, counted in packs whatever barcode they name."""

    def amounts(values: dict[str, Any], product: Sold) -> tuple[Decimal, Decimal]:
        return values["packs"], values["packs"] if product.packs else Decimal(0)

    required = {"store", "number", "day", "packs"}
    return _merge(record, GoodsKind.LOSS, clean_with(record, file, layout, required), amounts)


@dataclass
class _Rows:
    tally: Tally
    good: Iterable[tuple[int, dict[str, Any]]]
    bad: set[Key]  # documents with a row that was refused; known when `good` is at its end


def clean_with(record: Import, file: Source, layout: Layout, required: set[str]) -> _Rows:
    """Clean rows of a file, and the documents of those that are none."""
    tally, clean, bad = Tally(), cleaners(record), set[Key]()

    def refused(cells: dict[str, str]) -> None:
        with suppress(KeyError, BadCell):
            bad.add((clean["store"](cells["store"]), cells["number"]))

    return _Rows(tally, clean_rows(file, layout, clean, required, tally, refused=refused), bad)


def _merge(record: Import, kind: str, rows: _Rows, amounts: Amounts) -> Tally:
    documents: dict[Key, _Sent] = {}
    tally = rows.tally
    for row, values in rows.good:
        head = (values["day"], values.get("supplier", ""), values.get("type", False))
        sent = documents.setdefault((values["store"], values["number"]), _Sent(head))
        if reason := _add(sent, row, head, values, amounts):
            tally.refuse(row, "", "", reason)
            sent.is_bad = True
    good: dict[Key, _Sent] = {}
    for key, sent in documents.items():
        _number_lines(sent, tally)
        if sent.is_bad or key in rows.bad:
            for row in sent.rows:
                tally.refuse(row, "", "", _("Another row of this document is wrong."))
        else:
            good[key] = sent
    _write(record, kind, good, tally)
    return tally


def _add(
    sent: _Sent, row: int, head: tuple[date, str, bool], values: dict[str, Any], amounts: Amounts
) -> str:
    """Put a row into its document; why it cannot be."""
    product = product_of(values)
    if product is None:
        return _("The row names no product.")
    if head != sent.head:
        return _("Other rows of this document say something else of its day, supplier or kind.")
    quantity, packs = amounts(values, product)
    if packs != packs.to_integral_value():
        return _("Cigarettes are sold in whole packs.")
    sent.rows[row] = GoodsLine(
        line_number=values.get("line", 0),
        product_id=product.pk,
        quantity=quantity,
        packs=int(packs),
        price=values.get("price"),
    )
    return ""


def _number_lines(sent: _Sent, tally: Tally) -> None:
    """Lines without a number get one after those that have."""
    highest = max((line.line_number for line in sent.rows.values()), default=0)
    said: dict[int, list[Any]] = {}
    for row, line in sent.rows.items():
        if not line.line_number:
            highest += 1
            line.line_number = highest
        if said.setdefault(line.line_number, _says(line)) != _says(line):
            tally.refuse(row, "line", str(line.line_number), _("Two rows have this line number."))
            sent.is_bad = True


def _write(record: Import, kind: str, documents: dict[Key, _Sent], tally: Tally) -> None:
    there = _there(record, kind, documents)
    gone: list[GoodsDocumentHistory] = []
    changed: list[GoodsDocument] = []
    fresh: dict[Key, _Sent] = {}
    rests = Counter[int]()
    for key, sent in documents.items():
        old = there.get(key)
        rows = len(sent.rows)
        if old is None:
            fresh[key] = sent
            tally.added += rows
        elif _is_same(old, sent):
            tally.unchanged += rows
            rests[old.imported_by_id] += rows
        else:
            gone.append(_replaced(old, record))
            changed.append(_with_head(old, sent, record))
            tally.updated += rows
    rests_note(record, rests)
    GoodsDocumentHistory.unscoped.bulk_create(gone, batch_size=1_000)
    GoodsLine.unscoped.filter(document__in=changed).delete()
    GoodsDocument.unscoped.bulk_update(changed, [*HEAD, "imported_by"], batch_size=1_000)
    made = _made(record, kind, fresh)
    copy_models(made)
    for document in (*made, *changed):
        for line in documents[document.store_id, document.number].lines():
            line.document = document
    copy_models([line for sent in _written(documents, made, changed) for line in sent.lines()])
    days = [sent.head[0] for sent in _written(documents, made, changed)]
    tally.days = (min(days), max(days)) if days else None
    tally.made = {"documents": len(made), "documents_corrected": len(changed)}


def _written(
    documents: dict[Key, _Sent], made: list[GoodsDocument], changed: list[GoodsDocument]
) -> list[_Sent]:
    return [documents[document.store_id, document.number] for document in (*made, *changed)]


def _there(record: Import, kind: str, documents: dict[Key, _Sent]) -> dict[Key, GoodsDocument]:
    """The stored documents of these stores and numbers, with their lines."""
    numbers = sorted({number for _store, number in documents})
    found: dict[Key, GoodsDocument] = {}
    for start in range(0, len(numbers), NUMBERS_AT_ONCE):
        rows = GoodsDocument.unscoped.filter(
            source=record.source, kind=kind, number__in=numbers[start : start + NUMBERS_AT_ONCE]
        )
        found |= {(row.store_id, row.number): row for row in rows.prefetch_related("lines")}
    return found


def _is_same(old: GoodsDocument, sent: _Sent) -> bool:
    lines = sorted(old.lines.all(), key=_number)
    head = (old.day, old.supplier, old.is_return)
    return head == sent.head and [_says(line) for line in lines] == [_says(line) for line in sent.lines()]


def _replaced(old: GoodsDocument, record: Import) -> GoodsDocumentHistory:
    lines = [[str(value) if isinstance(value, Decimal) else value for value in _says(line)]
             for line in sorted(old.lines.all(), key=_number)]  # fmt: skip
    return GoodsDocumentHistory(
        document_id=old.pk,
        store_id=old.store_id,
        lines=lines,
        imported_by_id=old.imported_by_id,
        replaced_by=record,
        **{name: getattr(old, name) for name in HEAD},
    )


def _with_head(document: GoodsDocument, sent: _Sent, record: Import) -> GoodsDocument:
    for name, value in zip(HEAD, sent.head, strict=True):
        setattr(document, name, value)
    document.imported_by = record
    return document


def _made(record: Import, kind: str, fresh: dict[Key, _Sent]) -> list[GoodsDocument]:
    ids = reserve_ids(GoodsDocument, len(fresh)).tolist()
    return [
        GoodsDocument(
            id=pk,
            store_id=store,
            number=number,
            kind=kind,
            source=record.source,
            imported_by=record,
            **dict(zip(HEAD, sent.head, strict=True)),
        )
        for pk, ((store, number), sent) in zip(ids, fresh.items(), strict=True)
    ]
