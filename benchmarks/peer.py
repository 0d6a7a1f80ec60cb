"""The same rows by django-import-export, the usual tool: bulk mode, spared what it is slow at.

It gets only rows that it need not refuse, looks nothing up (stores, products and members are in
dictionaries, no receipt is compared with one that is there) and draws no differences.
"""

import csv
import sys
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import tablib
from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.widgets import DateTimeWidget, DecimalWidget, IntegerWidget, Widget

from benchmarks.databases import clear
from members.models import MemberIdentity
from organization.models import Import, Store
from sales.models import ProductBarcode, Receipt, ReceiptLine

BATCH = 2_000
Row = dict[str, str]
Ids = Mapping[str, int]


class Known(Widget):
    """An id that is looked up in memory."""

    ids: Ids = {}

    def clean(self, value: str, row: Row | None = None, **kwargs: Any) -> int | None:
        return self.ids[value] if value else None


class Bulk(ModelResource):
    """A resource whose rows are all new and are written in batches."""

    class Meta:
        force_init_instance = use_bulk = use_transactions = skip_diff = True
        batch_size = BATCH

    def __init__(self) -> None:
        super().__init__()
        self.made: list[Any] = []

    def get_queryset(self) -> Any:
        return self._meta.model.unscoped.none()

    def bulk_create(self, *args: object, **kwargs: object) -> None:
        self.made += self._meta.model.unscoped.bulk_create(self.create_instances, batch_size=BATCH)
        self.create_instances.clear()


class Receipts(Bulk):
    store = Field("store_id", "license_code", Known())
    number = Field("number", "clientorderid")
    moment = Field("moment", "inputtime", DateTimeWidget("%Y%m%d%H%M%S"))
    member = Field("member_id", "mobilephone", Known())
    till = Field("till", "PosNo")
    tender = Field("tender", "payment")
    total = Field("total", "receipt_amount", DecimalWidget())
    original = Field("original_number", "original_orderid")

    class Meta(Bulk.Meta):
        model = Receipt
        fields = ("store", "number", "moment", "member", "till", "tender", "total", "original")
        import_id_fields = ("number",)

    def __init__(self, record: Import, stores: Ids, members: Ids) -> None:
        super().__init__()
        self._record = record
        self.fields["store"].widget.ids = stores
        self.fields["member"].widget.ids = members

    def before_save_instance(self, instance: Receipt, row: Row, **kwargs: Any) -> None:
        instance.source_id, instance.imported_by = self._record.source_id, self._record
        instance.business_day, instance.minute = instance.moment.date(), instance.moment.minute
        instance.clerk, instance.channel, instance.content = "", 1, 0
        instance.is_return = row["trade_type"] == "1"


class Lines(Bulk):
    line = Field("line_number", "line_no", IntegerWidget())
    product = Field("product_id", "dtl_barcode", Known())
    quantity = Field("quantity", "dtl_quantity", DecimalWidget())
    amount = Field("amount", "dtl_amount", DecimalWidget())
    discount = Field("discount", "dtl_discount", DecimalWidget())

    class Meta(Bulk.Meta):
        model = ReceiptLine
        fields = ("line", "product", "quantity", "amount", "discount")
        import_id_fields = ("line",)

    def __init__(self, receipts: list[Receipt], stores: Ids, products: Ids) -> None:
        super().__init__()
        self._stores = stores
        self._receipts = {(receipt.store_id, receipt.number): receipt for receipt in receipts}
        self.fields["product"].widget.ids = products

    def before_save_instance(self, instance: ReceiptLine, row: Row, **kwargs: Any) -> None:
        receipt = self._receipts[self._stores[row["license_code"]], row["clientorderid"]]
        instance.receipt_id, instance.store_id = receipt.pk, receipt.store_id
        instance.member_id, instance.business_day = receipt.member_id, receipt.business_day
        instance.packs, instance.is_carton = int(instance.quantity), False


def rows_per_second(path: Path, rows: int) -> float:
    """Lines a second, receipts included; call it after an import of the file, whose receipts go."""
    stored = set(Receipt.unscoped.values_list("store__licence_number", "number"))
    good = list(islice(_good(path, stored), rows))
    record = Import.unscoped.order_by("-pk")[0]
    ids = _ids()
    clear()
    begin = time.perf_counter()
    heads: dict[tuple[str, str], Row] = {}
    receipts = Receipts(record, ids["stores"], ids["members"])
    for row in good:
        heads.setdefault((row["license_code"], row["clientorderid"]), row)
    _carry_out(receipts, list(heads.values()))
    _carry_out(Lines(receipts.made, ids["stores"], ids["products"]), good)
    took = time.perf_counter() - begin
    if ReceiptLine.unscoped.count() != len(good):
        sys.exit("django-import-export did not store every row.")
    clear()
    return len(good) / took


def _ids() -> dict[str, Ids]:
    identities = MemberIdentity.unscoped.only("member_id", "value").iterator()
    return {
        "stores": dict(Store.unscoped.values_list("licence_number", "pk")),
        "members": {str(identity.value): identity.member_id for identity in identities},
        "products": dict(ProductBarcode.objects.values_list("barcode", "product_id")),
    }


def _good(path: Path, stored: set[tuple[str, str]]) -> Iterator[Row]:
    """Rows of stored receipts, each receipt once: those sent again stand at the end of the file."""
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            if (row["license_code"], row["clientorderid"]) in stored:
                yield row


def _carry_out(resource: Bulk, rows: list[Row]) -> None:
    dataset = tablib.Dataset(*(tuple(row.values()) for row in rows), headers=list(rows[0]))
    result = resource.import_data(dataset, raise_errors=True)
    if result.has_errors() or result.has_validation_errors():
        sys.exit("django-import-export refused a row.")
