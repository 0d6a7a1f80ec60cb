"""Undo of a file of products: lines and packs are as before, also those of products it matched."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from organization.imports.journal import changed_later, entries, made_by, put_back, rows_delete
from organization.imports.undo import Undoer, Undone, scratch
from organization.jobs import Progress
from organization.models import Import, RowBefore, Store
from sales.imports.catalogue import DECIDES_FACTS, DECIDES_PACKS
from sales.imports.undo import products_delete_unused
from sales.models import Brand, Product, ProductBarcode
from sales.services import OF_PRODUCTS, receipts_changed

# Columns of a product that its members' facts are made of.
EDITED = {"brand_id", *DECIDES_FACTS} - {"brand"}
TOUCHED = (
    OF_PRODUCTS
    + """
     UNION ALL
    SELECT l.member_id, l.business_day FROM sales_receiptline l
      JOIN sales_linebefore b USING (receipt_id, line_number)
     WHERE b.changed_by_id = %(by)s AND b.kept IS NULL"""
)
HOURS = ("time_zone", "closing_hour")
PUT_BACK = """
    UPDATE {table} l SET product_id = b.product_id, packs = b.packs, is_carton = b.is_carton
      FROM sales_linebefore b WHERE b.changed_by_id = %s AND {same} RETURNING l.business_day"""

GOODS = """
    SELECT i.file_name, count(*) FROM (
        SELECT imported_by_id, product_id FROM sales_stockday
         UNION ALL
        SELECT imported_by_id, product_id FROM sales_stockdayhistory
         UNION ALL
        SELECT d.imported_by_id, l.product_id FROM sales_goodsline l JOIN sales_goodsdocument d
            ON d.id = l.document_id
         UNION ALL
        SELECT h.imported_by_id, (said->>1)::bigint
          FROM sales_goodsdocumenthistory h, jsonb_array_elements(h.lines) said
    ) found (by, product) JOIN organization_import i ON i.id = found.by
     WHERE found.product = ANY(%(products)s) AND i.finished_at > %(ended)s GROUP BY i.id ORDER BY i.id"""


def products_dependents(record: Import) -> Iterator[str]:
    yield from changed_later(record)
    sold = """SELECT l.receipt_id, r.imported_by_id FROM sales_receiptline l
                JOIN sales_receipt r ON r.id = l.receipt_id WHERE l.product_id = ANY(%s)
               UNION
              SELECT l.receipt_id, r.imported_by_id FROM sales_receiptlinehistory l
                JOIN sales_receipthistory r
                  ON r.receipt_id = l.receipt_id AND r.replaced_by_id = l.replaced_by_id
               WHERE l.product_id = ANY(%s)"""
    touched = _touched(record)
    yield from _receipts_since(record, sold, [sorted(touched)] * 2) if touched else ()
    yield from _goods_since(record, sorted(touched | _made(record)))
    replaced = """SELECT h.receipt_id, h.replaced_by_id FROM sales_receipthistory h
                   WHERE h.receipt_id IN (SELECT receipt_id FROM sales_linebefore WHERE changed_by_id = %s)"""
    yield from _receipts_since(record, replaced, [record.pk])


def store_hours_dependents(record: Import) -> Iterator[str]:
    """Receipts whose business day the time zone or closing hour of this import decided."""
    stores = [int(entry.row) for entry in entries(record, Store) if _differs(entry, HOURS)]
    query = "SELECT r.id, r.imported_by_id FROM sales_receipt r WHERE r.store_id = ANY(%s)"
    yield from _receipts_since(record, query, [stores]) if stores else ()


def _touched(record: Import) -> set[int]:
    """Products whose packs or barcodes the import decided; a receipt taken in since may rest on them."""
    products = {int(entry.row) for entry in entries(record, Product) if _differs(entry, DECIDES_PACKS)}
    return products | {
        int(entry.after["product_id"]) for entry in entries(record, ProductBarcode) if entry.after
    }


def _made(record: Import) -> set[int]:
    """Products that are gone, or known by their barcode only, without the import."""
    return {
        int(entry.row) for entry in entries(record, Product)
        if entry.after and not (entry.before or {}).get("is_matched")
    }  # fmt: skip


def _goods_since(record: Import, products: list[int]) -> Iterator[str]:
    """Later files of stock, goods or losses that name these products."""
    with connection.cursor() as cursor:
        cursor.execute(GOODS, {"products": products, "ended": record.finished_at})
        for file, n in cursor.fetchall():
            sentence = ngettext(
                "%(n)s row of %(file)s, which came later, names products of this import."
                " Undo that import first.",
                "%(n)s rows of %(file)s, which came later, name products of this import."
                " Undo that import first.",
                n,
            )
            yield sentence % {"file": file, "n": f"{n:,}"}


def _differs(entry: RowBefore, names: Collection[str]) -> bool:
    before, after = entry.before or {}, entry.after or {}
    return bool(before and after) and any(before[name] != after[name] for name in names)


def _receipts_since(record: Import, query: str, params: list[Any]) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT i.file_name, count(DISTINCT found.receipt)
                  FROM ({query}) found (receipt, by) JOIN organization_import i ON i.id = found.by
                 WHERE i.finished_at > %s GROUP BY i.id ORDER BY i.id""",
            [*params, record.finished_at],
        )
        for file, n in cursor.fetchall():
            sentence = ngettext(
                "%(n)s receipt of %(file)s, which came later, was read by what this import says."
                " Undo that import first.",
                "%(n)s receipts of %(file)s, which came later, were read by what this import says."
                " Undo that import first.",
                n,
            )
            yield sentence % {"file": file, "n": f"{n:,}"}


def undo_products(record: Import, progress: Progress) -> Undone:
    progress.say(_("Putting products and their lines back"))
    edited = [int(entry.row) for entry in entries(record, Product) if _differs(entry, EDITED)]
    receipts_changed(why="undo", rows=TOUCHED, products=edited, by=record.pk)
    with connection.cursor() as cursor:
        days = _lines_put_back(cursor, record)
        progress.step(1, 2)
        counts = _rows_put_back(record)
        _mark_unmatched(cursor, record)
        products_delete_unused(cursor)
    return Undone(counts, days)


def _lines_put_back(cursor: Any, record: Import) -> tuple[date, date] | None:
    same = "b.kept IS NULL AND l.receipt_id = b.receipt_id AND l.line_number = b.line_number"
    cursor.execute(
        f"""WITH done AS ({PUT_BACK.format(table="sales_receiptline", same=same)}),
                 kept AS ({PUT_BACK.format(table="sales_receiptlinehistory", same="l.id = b.kept")})
            SELECT min(business_day), max(business_day) FROM done""",
        [record.pk, record.pk],
    )
    first, last = cursor.fetchone()
    return (first, last) if first else None


def _rows_put_back(record: Import) -> dict[str, int]:
    """What was added goes first: what gave way may have had the same code."""
    rows_delete(ProductBarcode, made_by(record, ProductBarcode))
    gone = rows_delete(Product, made_by(record, Product))
    restored = put_back(record, Product)
    put_back(record, ProductBarcode)
    unused = Brand.objects.filter(pk__in=made_by(record, Brand), product=None).values_list("pk", flat=True)
    rows_delete(Brand, unused)
    return {"products_gone": gone, "products_restored": restored}


def _mark_unmatched(cursor: Any, record: Import) -> None:
    """Products known by barcode only that are back, and that an undo of sales since has made useless."""
    back = [int(entry.row) for entry in entries(record, Product) if entry.before]
    query = "SELECT id FROM sales_product WHERE NOT is_matched AND id = ANY(%s)"
    scratch(cursor, "perhaps_unused", query, [back])


products_undoer = Undoer(
    undo_products,
    (
        gettext_lazy("Products and barcodes this import added go; those it changed are as they were before."),
        gettext_lazy(
            "Lines of receipts are of the products they were of, with the packs counted then."
            " Daily figures, segments and results of campaigns follow in the next night."
        ),
    ),
)
