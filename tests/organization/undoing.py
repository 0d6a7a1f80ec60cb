"""Undo an import as a worker does, and see what is left."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from members.models import AgeVerification, Consent, Member, MemberIdentity, MemberTag, SelfExclusion
from organization.imports.undo import KIND, obstacles, undo_run
from organization.jobs import Progress, job_create
from organization.models import Import, Region, Staff, Store
from sales.models import (
    GoodsDocument,
    GoodsDocumentHistory,
    GoodsLine,
    Product,
    ProductBarcode,
    Receipt,
    ReceiptHistory,
    ReceiptLine,
    ReceiptLineHistory,
    StockDay,
    StockDayHistory,
)

Tables = dict[str, list[str]]
# What only this program gives, or what is told by the names of others.
NUMBERS = ("id", "member_id", "imported_by_id", "receipt_id", "product_id", "brand_id", "replaced_by_id",
           "document_id")  # fmt: skip
STORE = ("code", "licence_number", "name", "time_zone", "closing_hour", "is_active")
MEMBER = ("name", "sex", "birth_date", "enrolment_store_id", "home_store_id", "enrolled_on", "is_anonymous")


def undo(record: Import, *, by: Staff | None = None) -> Import:
    """Run an undo to its end; a refusal is raised as JobError."""
    job = job_create(kind=KIND, label="undo", payload={"import": record.pk}, asked_by=by)
    undo_run(job, Progress(job))
    record.refresh_from_db()
    return record


def refused(record: Import) -> str:
    return " ".join(obstacles(record))


def business_rows() -> Tables:
    """Every business column of every row an import writes."""
    return _of_members() | _of_sales() | _of_goods()


def _of_members() -> Tables:
    names = _names()
    return {
        "stores": _rows(Store.unscoped, lambda s: [getattr(s, name) for name in STORE]),
        "regions": _rows(Region.objects, lambda r: [r.name, r.name_en]),
        "members": _rows(
            Member.unscoped,
            lambda m: [names.get(m.pk), _hex(m.row_digest), *(getattr(m, name) for name in MEMBER)],
        ),
        "proofs": _rows(AgeVerification.unscoped, lambda v: [names[v.member_id], v.method, v.verified_at]),
        "consents": _rows(Consent.unscoped, lambda c: [names[c.member_id], c.channel, c.granted]),
        "exclusions": _rows(SelfExclusion.unscoped, lambda e: [names[e.member_id], e.source]),
        "tags": _rows(MemberTag.unscoped, lambda t: [names[t.member_id], t.text, t.removed_by_member_at]),
    }


def _of_sales() -> Tables:
    names, codes = _names(), dict(Product.objects.values_list("pk", "code"))
    numbers = {row.pk: f"{row.store_id} {row.source_id} {row.number}" for row in Receipt.unscoped.all()}
    return {
        "products": _rows(
            Product.objects.select_related("brand"), lambda p: [*_columns(p), p.brand and p.brand.name]
        ),
        "barcodes": _rows(ProductBarcode.objects, lambda b: [b.barcode, codes[b.product_id], b.is_carton]),
        "receipts": _rows(Receipt.unscoped, lambda r: [*_columns(r), names.get(r.member_id)]),
        "lines": _rows(
            ReceiptLine.unscoped,
            lambda n: [*_columns(n), numbers[n.receipt_id], codes[n.product_id], names.get(n.member_id)],
        ),
        # What was returned of a version that is no longer in force is nothing a page shows.
        "old receipts": _rows(
            ReceiptHistory.unscoped, lambda r: [*_columns(r, "returned"), names.get(r.member_id)]
        ),
        "old lines": _rows(
            ReceiptLineHistory.unscoped,
            lambda n: [*_columns(n), codes[n.product_id], names.get(n.member_id)],
        ),
    }


def _of_goods() -> Tables:
    codes = dict(Product.objects.values_list("pk", "code"))
    lines = GoodsLine.unscoped.select_related("document")
    return {
        "stock": _rows(StockDay.unscoped, lambda s: [*_columns(s), codes[s.product_id]]),
        "old stock": _rows(StockDayHistory.unscoped, lambda s: [*_columns(s), codes[s.product_id]]),
        "documents": _rows(GoodsDocument.unscoped, _columns),
        "goods": _rows(lines, lambda n: [*_columns(n), n.document.number, codes[n.product_id]]),
        "old documents": _rows(
            GoodsDocumentHistory.unscoped,
            lambda d: [*_columns(d, "lines"), [[*line[:1], codes[line[1]], *line[2:]] for line in d.lines]],
        ),
    }


def _names() -> dict[int, str]:
    """How a member is called where ids differ: by its identities."""
    names: dict[int, list[str]] = {}
    for identity in MemberIdentity.unscoped.all():
        names.setdefault(identity.member_id, []).append(f"{identity.kind} {identity.value}")
    return {owner: " / ".join(sorted(found)) for owner, found in names.items()}


def _columns(row: Any, *without: str) -> list[Any]:
    names = [field.attname for field in row._meta.concrete_fields if field.attname not in NUMBERS]
    return [getattr(row, name) for name in names if name not in without]


def _hex(digest: Any) -> str:
    return bytes(digest or b"").hex()


def _rows(found: Any, read: Callable[[Any], Iterable[Any]]) -> list[str]:
    return sorted(
        json.dumps(list(read(row)), cls=DjangoJSONEncoder, ensure_ascii=False) for row in found.all()
    )
