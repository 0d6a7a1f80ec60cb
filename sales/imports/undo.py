"""Undo of a file of sales: its receipts go, those it replaced are back, sums of returns are made anew.

What only these receipts needed goes with them: members they made, and products known by barcode only.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connection, models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from members.imports.undo import made_members_go
from organization.imports.undo import Undoer, Undone, scratch
from organization.jobs import Progress
from organization.models import Import
from sales.imports.store import returns_restate
from sales.models import Receipt, ReceiptHistory, ReceiptLine, ReceiptLineHistory
from sales.services import receipts_changed

PARTS = 5
# The receipts whose sums of returns change: originals of the returns that go and of those that come back,
# sales that come back, and, where a number came back, its other receipts.
RESTATED = """
    SELECT r.store_id, r.source_id, r.original_number AS number FROM sales_receipt r
      JOIN undone USING (id) WHERE r.is_return AND r.original_number <> ''
     UNION
    SELECT h.store_id, h.source_id, h.original_number FROM sales_receipthistory h
     WHERE h.replaced_by_id = %(by)s AND h.is_return AND h.original_number <> ''
     UNION
    SELECT h.store_id, h.source_id, h.number FROM sales_receipthistory h
     WHERE h.replaced_by_id = %(by)s AND NOT h.is_return
     UNION
    SELECT o.store_id, o.source_id, o.number FROM sales_receipt r JOIN undone USING (id)
      JOIN sales_receipt o ON o.store_id = r.store_id AND o.source_id = r.source_id
       AND o.number = r.number AND o.id <> r.id"""

# Whose receipts change by that: of those that go and come back, and of the originals.
TOUCHED = """
    SELECT r.member_id, r.business_day FROM sales_receipt r JOIN undone USING (id)
     UNION ALL
    SELECT h.member_id, h.business_day FROM sales_receipthistory h WHERE h.replaced_by_id = %(by)s
     UNION ALL
    SELECT o.member_id, o.business_day
      FROM sales_receipt o JOIN restated USING (store_id, source_id, number)"""


def receipts_replaced_later(record: Import) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT i.file_name, count(*) FROM sales_receipthistory h
                 JOIN organization_import i ON i.id = h.replaced_by_id
                WHERE h.imported_by_id = %s GROUP BY i.id ORDER BY i.id""",
            [record.pk],
        )
        for file, n in cursor.fetchall():
            sentence = ngettext(
                "%(file)s, which came later, corrected %(n)s receipt of this import. Undo that one first.",
                "%(file)s, which came later, corrected %(n)s receipts of this import. Undo that one first.",
                n,
            )
            yield sentence % {"file": file, "n": f"{n:,}"}


def undo_sales(record: Import, progress: Progress) -> Undone:
    progress.say(_("Taking the receipts of this file away"))
    with connection.cursor() as cursor:
        _mark(cursor, record)
        receipts_changed(why="undo", rows=TOUCHED, by=record.pk)
        progress.step(1, PARTS)
        gone = _receipts_delete(cursor, record)
        progress.step(2, PARTS)
        progress.say(_("Putting back what it replaced"))
        restored = _versions_restore(cursor, record)
        days = returns_restate(cursor, "SELECT store_id, source_id, number FROM restated")
        progress.step(3, PARTS)
        progress.say(_("Taking away what only it needed"))
        products = products_delete_unused(cursor)
        progress.step(4, PARTS)
        counts = made_members_go(record)
        _kept_restate(cursor)
        progress.step(PARTS, PARTS)
    return Undone(
        {"receipts_gone": gone, "receipts_restored": restored, "products_gone": products} | counts,
        (min(days), max(days)) if days else None,
    )


def _mark(cursor: Any, record: Import) -> None:
    """The receipts of the import, its originals and returns, and the products of its lines."""
    scratch(
        cursor,
        "undone",
        "SELECT id FROM sales_receipt WHERE imported_by_id = %s AND business_day BETWEEN %s AND %s",
        [record.pk, record.first_day, record.last_day],
    )
    scratch(cursor, "restated", RESTATED, {"by": record.pk})
    scratch(
        cursor,
        "perhaps_unused",
        """SELECT id FROM sales_product WHERE NOT is_matched AND id IN (
               SELECT l.product_id FROM sales_receiptline l JOIN undone u ON u.id = l.receipt_id)""",
    )


def _receipts_delete(cursor: Any, record: Import) -> int:
    # What later files of products restated; earlier ones did that to versions that come back.
    cursor.execute(
        """DELETE FROM sales_linebefore b USING undone u, organization_import i
            WHERE b.receipt_id = u.id AND b.kept IS NULL AND i.id = b.changed_by_id AND i.finished_at > %s""",
        [record.finished_at],
    )
    cursor.execute("DELETE FROM sales_receiptline l USING undone u WHERE l.receipt_id = u.id")
    cursor.execute("DELETE FROM sales_receipt r USING undone u WHERE r.id = u.id")
    return int(cursor.rowcount)


def _versions_restore(cursor: Any, record: Import) -> int:
    """Move the kept versions back, and with their lines what is noted of these."""
    cursor.execute(
        """UPDATE sales_linebefore b SET kept = NULL FROM sales_receiptlinehistory h
            WHERE h.replaced_by_id = %s AND b.kept = h.id""",
        [record.pk],
    )
    _move_back(cursor, record, ReceiptLineHistory, ReceiptLine)
    return _move_back(cursor, record, ReceiptHistory, Receipt)


def _move_back(cursor: Any, record: Import, history: type[models.Model], table: type[models.Model]) -> int:
    names = [str(field.column) for field in table._meta.concrete_fields]
    values = ["receipt_id" if name == "id" else name for name in names]
    cursor.execute(
        f"""WITH back AS (DELETE FROM {history._meta.db_table} WHERE replaced_by_id = %s RETURNING *)
            INSERT INTO {table._meta.db_table} ({", ".join(names)}) SELECT {", ".join(values)} FROM back""",
        [record.pk],
    )
    return int(cursor.rowcount)


def products_delete_unused(cursor: Any) -> int:
    """Delete products known by barcode only, of the table `perhaps_unused`, that no line names any more."""
    cursor.execute(
        """DELETE FROM perhaps_unused p
            WHERE p.id IN (SELECT id FROM sales_product WHERE is_matched)
               OR p.id IN (SELECT product_id FROM sales_receiptline)
               OR p.id IN (SELECT product_id FROM sales_receiptlinehistory)"""
    )
    cursor.execute("DELETE FROM sales_productbarcode b USING perhaps_unused p WHERE b.product_id = p.id")
    cursor.execute("DELETE FROM sales_product s USING perhaps_unused p WHERE s.id = p.id")
    return int(cursor.rowcount)


def _kept_restate(cursor: Any) -> None:
    """Members it made whom other receipts name are as if the first of those had made them."""
    scratch(
        cursor,
        "made_by_others",
        """SELECT DISTINCT ON (r.member_id) r.member_id, r.store_id, r.business_day, r.imported_by_id
             FROM (SELECT member_id, store_id, business_day, moment, imported_by_id
                     FROM sales_receipt
                   UNION ALL
                   SELECT member_id, store_id, business_day, moment, imported_by_id
                     FROM sales_receipthistory) r
             JOIN made_kept k ON k.id = r.member_id
             JOIN organization_import i ON i.id = r.imported_by_id
            ORDER BY r.member_id, i.finished_at, r.business_day, r.moment""",
    )
    cursor.execute(
        """UPDATE members_member m SET enrolment_store_id = o.store_id, enrolled_on = o.business_day,
                  home_store_id = CASE WHEN m.home_store_id = m.enrolment_store_id THEN o.store_id
                                       ELSE m.home_store_id END
             FROM made_by_others o WHERE o.member_id = m.id"""
    )
    cursor.execute(
        """UPDATE members_memberbefore b SET changed_by_id = o.imported_by_id
             FROM made_by_others o WHERE o.member_id = b.member_id AND b.is_new"""
    )


sales_undoer = Undoer(
    undo_sales,
    (
        gettext_lazy("Receipts this import added go; those it corrected are as they were before."),
        gettext_lazy(
            "Members and products known by barcode only, which nothing else needs, go too."
            " Daily figures, segments and results of campaigns follow in the next night."
        ),
    ),
)
