"""The simulated chain in every known format: each file comes through, and says the same as the others."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Sum
from django.utils.timezone import localtime

from demo.formats import write_formats
from demo.formats.goods import DAYS, FOUND, LOST
from demo.formats.scan_data import scanned
from demo.simulator import Chain, simulate
from members.models import Member
from organization.models import Import, ImportKind, Store
from sales.models import GoodsDocument, GoodsLine, Product, Receipt, ReceiptLine, StockDay
from tests.organization.importing import counts, take_in
from tests.sales.importing import everything_stored

pytestmark = pytest.mark.django_db
ORDERS = ("terminal_orders.json", "terminal_orders.jsonl", "terminal_orders.csv", "orders_flat.csv")


@pytest.fixture(scope="module")
def chain() -> Chain:
    return simulate(stores=4, members=150, months=2, anchor=date(2026, 11, 20), seed=7)


@pytest.fixture(scope="module")
def files(chain: Chain, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_formats(chain, tmp_path_factory.mktemp("formats"))


@pytest.fixture(autouse=True)
def _catalogues(chain: Chain, files: dict[str, Path]) -> None:
    for kind, name, rows in (
        (ImportKind.STORES, "terminal_stores", len(chain.stores)),
        (ImportKind.PRODUCTS, "terminal_tobacco", int((chain.products["is_tobacco"] == 1).sum())),
        (ImportKind.PRODUCTS, "terminal_goods", int((chain.products["is_tobacco"] == 0).sum())),
        (ImportKind.MEMBERS, "terminal_members", int((chain.members["mobile"] != "").sum())),
    ):
        record = take_in(kind, files[f"{name}.json"].read_bytes())
        assert (counts(record), record.shape) == ({"read": rows, "added": rows}, name)


def sales(files: dict[str, Path], name: str) -> Import:
    return take_in(ImportKind.SALES, files[name].read_bytes())


@pytest.mark.parametrize("first", ORDERS)
def test_it_stores_the_same_receipts_from_every_writing(
    first: str, chain: Chain, files: dict[str, Path]
) -> None:
    rows = len(chain.lines)
    record = sales(files, first)
    assert counts(record) == {"read": rows, "added": rows}
    assert Receipt.unscoped.count() == chain.lines.groupby(["store_id", "receipt_no"], observed=True).ngroups
    assert record.amount_stored == Decimal(int(chain.lines["amount_fen"].sum())) / 100
    assert ReceiptLine.unscoped.aggregate(n=Sum("packs"))["n"] == chain.lines["packs"].sum()
    before = everything_stored()
    for other in ORDERS:
        assert counts(sales(files, other)) == {"read": rows, "unchanged": rows}, other
    assert everything_stored() == before


def test_it_stores_the_tobacco_of_the_chain_from_scan_data(chain: Chain, files: dict[str, Path]) -> None:
    lines = scanned(chain.lines)
    record = sales(files, "scan_data.txt")
    assert (counts(record), record.shape) == (
        {"read": len(lines), "added": len(lines)}, "scan_data",
    )  # fmt: skip
    assert record.amount_stored == Decimal(int(lines["amount_fen"].sum())) / 100
    assert ReceiptLine.unscoped.aggregate(n=Sum("packs"))["n"] == lines["packs"].sum()
    given = ReceiptLine.unscoped.aggregate(account=Sum("discount_account"), all=Sum("discount"))
    assert given["account"] == given["all"] == Decimal(int(lines["discount_fen"].abs().sum())) / 100
    first = lines.drop_duplicates(["store_id", "receipt_no"])
    sold_at = set(zip(first["receipt_no"], first["moment"].dt.strftime("%m-%d %H:%M:%S"), strict=True))
    zone = ZoneInfo("Asia/Shanghai")
    assert sold_at == {
        (receipt.number, f"{localtime(receipt.moment, zone):%m-%d %H:%M:%S}")
        for receipt in Receipt.unscoped.all()
    }


def test_it_stores_goods_that_add_up(chain: Chain, files: dict[str, Path]) -> None:
    stores = Store.unscoped.count()
    stock = take_in(ImportKind.STOCK, files["terminal_stock.jsonl"].read_bytes())
    assert (
        counts(stock) == {"read": stock.read, "added": stock.read} and stock.read == StockDay.unscoped.count()
    )
    assert StockDay.unscoped.values("store", "day").distinct().count() == stores * DAYS
    supply = take_in(ImportKind.SUPPLY, files["terminal_supply.json"].read_bytes())
    assert counts(supply) == {"read": 5 * stores, "added": 5 * stores}
    loss = take_in(ImportKind.LOSS, files["terminal_loss.json"].read_bytes())
    assert counts(loss) == {"read": 2 * stores, "added": 2 * stores}
    assert GoodsDocument.unscoped.count() == 3 * stores
    of_loss = GoodsLine.unscoped.filter(document__kind="loss").aggregate(n=Sum("quantity"))["n"]
    assert of_loss == (LOST + FOUND) * stores == StockDay.unscoped.aggregate(n=Sum("adjusted"))["n"]


def test_it_leads_pack_and_carton_to_one_product(chain: Chain, files: dict[str, Path]) -> None:
    sales(files, "terminal_orders.json")
    assert not Product.objects.filter(is_matched=False).exists()
    assert Product.objects.count() == len(chain.products)
    assert Member.unscoped.count() >= int((chain.members["mobile"] != "").sum())
