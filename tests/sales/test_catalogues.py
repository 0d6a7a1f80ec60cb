"""Catalogues, stores and members as retail terminals send them."""

from decimal import Decimal
from typing import Any

import pytest

from members.models import Member
from organization.imports.words import read_as
from organization.models import Import, ImportKind, Store
from sales.models import Product, ReceiptLine
from tests.organization.importing import counts, faults, take_in
from tests.sales.importing import take
from tests.sales.messages import as_json, order

pytestmark = pytest.mark.django_db

TOBACCO = {
    "product_id": "1001", "product_code": "8101", "product_name": "云岭（细支）", "bar_code": "6900000000102",
    "pack_code": "6900000000101", "wholesale_price": "180.00", "retail_price": "220.00", "strip_rate": "10",
    "brand_name": "云岭", "factory": "示例卷烟厂", "is_new": "0", "pinyin": "YLXZ", "is_abnormal": "1",
    "price_class": "二类", "tar_content": "8mg", "is_active": "1",
}  # fmt: skip
DRINK: dict[str, Any] = {
    "goods_isn": "G77", "goods_code": "D-1", "goods_name": "瓶装茶", "shortalpha": "PZC",
    "bitcode": "6900000000201", "unitname": "瓶", "first_cust_category_code": "饮料", "brand": "山泉",
    "factory": "示例饮料厂", "spec": "500ml", "buy_price": "3.00", "retail_price": "5.00", "is_pack": "0",
    "base_goods_isn": "", "pack_rate": "", "is_active": "1",
}  # fmt: skip


def built_as(record: Import) -> str:
    return str(record.shape)


def test_it_takes_the_platform_s_catalogue_of_tobacco() -> None:
    record = take_in(ImportKind.PRODUCTS, as_json(TOBACCO))
    product = Product.objects.get()
    assert (counts(record), built_as(record)) == ({"read": 1, "added": 1}, "terminal_tobacco")
    assert (product.code, product.name, product.is_tobacco, product.packs_per_carton) == (
        "1001", "云岭（细支）", True, 10,
    )  # fmt: skip
    assert (product.price_class, product.tar, product.format) == (2, Decimal(8), "odd")
    assert product.brand and product.brand.name == "云岭"
    assert dict(product.barcodes.values_list("barcode", "is_carton")) == {
        "6900000000101": False,
        "6900000000102": True,
    }
    assert (product.retail_price, product.buy_price) == (None, None)
    assert {"wholesale_price", "retail_price", "is_new"} <= set(record.reading["unused"])


def test_it_takes_other_goods_by_the_id_that_orders_call_them() -> None:
    case = {**DRINK, "goods_isn": "G78", "goods_name": "瓶装茶 整箱", "bitcode": "6900000000202",
            "is_pack": "1", "base_goods_isn": "G77", "pack_rate": "150"}  # fmt: skip
    record = take_in(ImportKind.PRODUCTS, as_json(DRINK, case))
    assert (counts(record), built_as(record)) == ({"read": 2, "added": 2}, "terminal_goods")
    product = Product.objects.get(code="G77")
    assert (product.is_tobacco, product.category, product.retail_price) == (False, "饮料", Decimal(5))
    assert product.brand and product.brand.name == "山泉"


@pytest.mark.parametrize(("word", "price_class"), [("一类", 1), ("05", 5), ("3", 3), ("", None)])
def test_it_reads_price_classes(word: str, price_class: int | None) -> None:
    take_in(ImportKind.PRODUCTS, as_json({**TOBACCO, "price_class": word}))
    assert Product.objects.get().price_class == price_class


def test_it_brings_carton_and_pack_to_one_product(store: Store) -> None:
    take_in(ImportKind.PRODUCTS, as_json(TOBACCO))
    codes = ["6900000000101", "6900000000102"]
    take(as_json(order(dtlcount=2, dtl_goodsisn=["1001"] * 2, dtl_istobacco="1,1", dtl_unitid="",
                       dtl_barcode=codes, dtl_saleprice="22,220", dtl_buyprice="", dtl_quantity="1,1",
                       total_amount="242", receipt_amount="242", paydtlcount="", paydtl_fund_channel="CASH",
                       paydtl_amount="242")))  # fmt: skip
    lines = ReceiptLine.unscoped.order_by("line_number").values_list("product__code", "packs")
    assert list(lines) == [("1001", 1), ("1001", 10)]


def test_it_takes_stores() -> None:
    rows = {"store_id": "S7", "license_code": "990000000077", "cust_name": "示例店", "is_active": "1"}
    record = take_in(ImportKind.STORES, as_json(rows))
    assert (Store.unscoped.get().code, built_as(record)) == ("S7", "terminal_stores")
    assert read_as(record.reading) == "JSON in UTF-8"


def test_it_takes_members(store: Store) -> None:
    rows = {
        "mobile": "19900001111", "nickName": "王测试", "cityCode": "0000", "cityName": "示例市",
        "tobaccoLicense": store.licence_number, "channelId": "1", "dateOfBirth": "1980-05-17", "sex": 1,
    }  # fmt: skip
    record = take_in(ImportKind.MEMBERS, as_json(rows))
    member = Member.unscoped.get()
    assert (str(member.birth_date), member.sex, built_as(record)) == ("1980-05-17", 1, "terminal_members")


def test_it_takes_members_of_one_store_by_the_form(store: Store) -> None:
    record = take_in(ImportKind.MEMBERS, "mobile,nickName\n19900001111,王测试\n,\n", store=store)
    assert counts(record) == {"read": 2, "added": 1, "ignored": 1}
    assert Member.unscoped.get().enrolment_store == store


def test_it_sets_rows_aside_as_the_catalogue_has_them() -> None:
    record = take_in(ImportKind.PRODUCTS, as_json({**TOBACCO, "price_class": "甲级"}))
    assert faults(record)[0][:2] == (1, "price_class")
    assert record.reading["header"] == list(TOBACCO)
