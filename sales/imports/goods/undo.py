"""Undo of a file of stock, goods in or losses: what it added goes, what it replaced is back."""

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from organization.imports.journal import same_rows_sentence
from organization.imports.undo import Undoer, Undone, scratch
from organization.jobs import Progress
from organization.models import Import
from sales.imports.goods.cells import QUANTITIES

# Rows of this import that a later one replaced, by that one.
REPLACED_STOCK = "SELECT replaced_by_id, 1 FROM sales_stockdayhistory WHERE imported_by_id = %(by)s"
REPLACED_DOCUMENTS = """
    SELECT replaced_by_id, jsonb_array_length(lines) FROM sales_goodsdocumenthistory
     WHERE imported_by_id = %(by)s"""
HEAD = "day = h.day, supplier = h.supplier, is_return = h.is_return, imported_by_id = h.imported_by_id"
KEPT_LINES = """
    INSERT INTO sales_goodsline (document_id, line_number, product_id, quantity, packs, price)
    SELECT h.document_id, (said->>0)::int, (said->>1)::bigint, (said->>2)::numeric, (said->>3)::int,
           (said->>4)::numeric
      FROM sales_goodsdocumenthistory h, jsonb_array_elements(h.lines) said WHERE h.replaced_by_id = %s"""


def stock_replaced_later(record: Import) -> Iterator[str]:
    return _replaced_later(record, REPLACED_STOCK)


def documents_replaced_later(record: Import) -> Iterator[str]:
    return _replaced_later(record, REPLACED_DOCUMENTS)


def _replaced_later(record: Import, query: str) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT i.file_name, sum(found.rows) FROM ({query}) found (by, rows)
                  JOIN organization_import i ON i.id = found.by GROUP BY i.id ORDER BY i.id""",
            {"by": record.pk},
        )
        for file, n in cursor.fetchall():
            yield same_rows_sentence(file, int(n))


def undo_stock(record: Import, progress: Progress) -> Undone:
    progress.say(_("Putting the stock back"))
    values = ", ".join(f"{name} = h.{name}" for name in (*QUANTITIES, "imported_by_id"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE sales_stockday s SET {values} FROM sales_stockdayhistory h
                 WHERE h.replaced_by_id = %s
                   AND (s.store_id, s.day, s.product_id) = (h.store_id, h.day, h.product_id)""",
            [record.pk],
        )
        restored = cursor.rowcount
        gone = _delete(cursor, "sales_stockday WHERE imported_by_id = %s", record)
        _delete(cursor, "sales_stockdayhistory WHERE replaced_by_id = %s", record)
    return Undone({"stock_gone": gone, "stock_restored": restored})


def undo_documents(record: Import, progress: Progress) -> Undone:
    progress.say(_("Putting the documents back"))
    with connection.cursor() as cursor:
        scratch(cursor, "undone", "SELECT id FROM sales_goodsdocument WHERE imported_by_id = %s", [record.pk])
        cursor.execute("DELETE FROM sales_goodsline l USING undone u WHERE l.document_id = u.id")
        cursor.execute(
            f"""UPDATE sales_goodsdocument d SET {HEAD} FROM sales_goodsdocumenthistory h
                 WHERE h.replaced_by_id = %s AND d.id = h.document_id""",
            [record.pk],
        )
        restored = cursor.rowcount
        gone = _delete(cursor, "sales_goodsdocument WHERE imported_by_id = %s", record)
        cursor.execute(KEPT_LINES, [record.pk])
        _delete(cursor, "sales_goodsdocumenthistory WHERE replaced_by_id = %s", record)
    return Undone({"documents_gone": gone, "documents_restored": restored})


def _delete(cursor: Any, rows: str, record: Import) -> int:
    cursor.execute(f"DELETE FROM {rows}", [record.pk])
    return int(cursor.rowcount)


stock_undoer = Undoer(
    undo_stock,
    (gettext_lazy("Rows of stock this import added go; those it changed are as they were before."),),
)
documents_undoer = Undoer(
    undo_documents,
    (gettext_lazy("Documents this import added go; those it corrected are as they were before."),),
)
