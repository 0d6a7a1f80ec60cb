"""The files real shops already send, written from a simulated chain.

On every row of both sales shapes, amount = quantity × price − discount; on returns the quantity,
the discount and the amount are negative.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from demo.simulator.chain import LINE_ORDER, Chain

UNKNOWN_LICENCE = "990099999999"
UNKNOWN_STORE = "S9999"
DAYS_AHEAD = 3653  # ten years, later than any split or anchor
ROWS_BETWEEN_BLANKS = 997

STORE_COLUMNS = [
    "store_id", "license_code", "cust_name", "cust_name_en", "is_active",
    "region", "region_en", "time_zone", "closing_hour",
]  # fmt: skip
PRODUCT_COLUMNS = [
    "goods_code", "name", "pack_barcode", "carton_barcode", "brand", "manufacturer", "price_class",
    "format", "capsule", "tar", "packs_per_carton", "category", "is_tobacco",
    "retail_price", "buy_price",
]  # fmt: skip
MEMBER_COLUMNS = [
    "card_no", "mobile", "wechat_id", "nickName", "sex", "dateOfBirth", "tobaccoLicense",
    "enrolled_on", "age_method", "age_verified_at", "age_clerk",
    "consent_sms", "consent_wechat", "consent_email", "self_excluded",
]  # fmt: skip
TOBACCO_ONLY = ["price_class", "capsule", "tar", "packs_per_carton"]
SHOP_SYSTEM_TENDERS = {"CASH": 1, "JFEXCHANGE": 2, "WEIXIN": 3, "ALIPAY": 4}
SHOP_SYSTEM_UNITS = {"pack": "包", "carton": "条", "piece": "件"}
SHOP_SYSTEM_CHANNELS = {"counter": "门店", "online": "网店"}


def write_exports(chain: Chain, folder: Path, *, split: date) -> dict[str, Path]:
    """Write every file of the chain; keys are the file names without `.csv`.

    Business days before `split` come from two till systems, those from `split` on from one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = ("stores", "products", "members", "sales_a_before", "sales_b_before", "sales_after")
    paths = {name: folder / f"{name}.csv" for name in names}
    chain.stores[STORE_COLUMNS].to_csv(paths["stores"], index=False)
    _product_rows(chain.products).to_csv(paths["products"], index=False)
    _member_rows(chain.members).to_csv(paths["members"], index=False)

    lines = lines_sent(chain)
    before = lines["business_day"] < pd.Timestamp(split)
    older_stores = chain.stores.loc[chain.stores["till_system"] == "shop_system", "store_id"]
    older = lines["store_id"].isin(older_stores)
    write_retail_terminal(paths["sales_a_before"], lines[before & ~older])
    write_shop_system(paths["sales_b_before"], lines[before & older])
    write_retail_terminal(paths["sales_after"], lines[~before])
    return paths


def lines_sent(chain: Chain) -> pd.DataFrame:
    """Every line of the chain, and those that are spoilt in writing, named in the column `fault`."""
    lines = pd.concat([chain.lines.assign(fault=""), chain.faults.astype({"fault": "str"})])
    return lines.sort_values(LINE_ORDER, ignore_index=True)


def append_campaign(path: Path, lines: pd.DataFrame) -> None:
    """Add the lines of a campaign to a sales file of the retail-terminal shape."""
    table = retail_terminal_table(lines.assign(fault=""))
    with path.open("ab") as file:
        pacsv.write_csv(table, file, pacsv.WriteOptions(include_header=False))


def write_retail_terminal(path: Path, lines: pd.DataFrame) -> None:
    pacsv.write_csv(retail_terminal_table(lines), path)


def retail_terminal_table(lines: pd.DataFrame) -> pa.Table:
    """One row per line, in the field names of the licensed retailers' upload interface."""
    late = np.where(lines["fault"] == "date_in_future", DAYS_AHEAD, 0)
    ahead = pd.to_timedelta(late, unit="D")
    return pa.table(
        {
            "license_code": _text(_unless(lines, "store_unknown", lines["license_code"], UNKNOWN_LICENCE)),
            "clientorderid": _text(lines["receipt_no"]),
            "inputtime": pc.strftime(_seconds(lines["moment"] + ahead), format="%Y%m%d%H%M%S"),
            "bizdate": pc.strftime(_seconds(lines["business_day"] + ahead), format="%Y%m%d"),
            "PosNo": pa.array(lines["till"]),
            "clerk": _text(lines["clerk"]),
            "channel": _text(lines["channel"]),
            "consumersid": _text(lines["card_no"]),
            "mobilephone": _text(lines["mobile"]),
            "line_no": pa.array(lines["line_no"]),
            "dtl_barcode": _text(lines["barcode"]),
            "dtl_goodsname": _text(lines["name"]),
            "dtl_istobacco": pa.array(lines["is_tobacco"]),
            "dtl_quantity": _quantity(lines),
            "dtl_saleprice": yuan(lines["price_fen"]),
            "dtl_buyprice": yuan(lines["buy_fen"]),
            "dtl_discount": yuan(lines["discount_fen"]),
            "dtl_amount": _amount(lines),
            "paydtl_fund_channel": _text(lines["tender"]),
            "receipt_amount": yuan(lines["receipt_fen"]),
            "trade_type": pa.array(lines["is_return"].astype("int8")),
            "original_orderid": _text(lines["original_no"]),
        }
    )


def write_shop_system(path: Path, lines: pd.DataFrame) -> None:
    """A block per store, each closed by a 合计 row, a blank row now and then, in GB18030."""
    table = shop_system_table(lines)
    blank = "," * (table.num_columns - 1) + "\r\n"
    with path.open("w", encoding="gb18030", newline="") as file:
        file.write(",".join(table.column_names) + "\r\n")
        for start, end in _blocks(lines["store_id"]):
            for part in range(start, end, ROWS_BETWEEN_BLANKS):
                file.write(_csv_text(table.slice(part, min(ROWS_BETWEEN_BLANKS, end - part))))
                file.write(blank)
            file.write(_total_row(lines.iloc[start:end], table.column_names))


def shop_system_table(lines: pd.DataFrame) -> pa.Table:
    """One row per line under the headers older shop systems print."""
    late = np.where(lines["fault"] == "date_in_future", DAYS_AHEAD, 0)
    moment = lines["moment"] + pd.to_timedelta(late, unit="D")
    return pa.table(
        {
            "门店编码": _text(_unless(lines, "store_unknown", lines["store_id"], UNKNOWN_STORE)),
            "小票号": _text(lines["receipt_no"]),
            "成交日期": _text(_each_once(moment.dt.normalize(), _plain_date)),
            "成交时间": _text(_clock(lines["moment"])),
            "收银台号": pa.array(lines["till"]),
            "收银员": _text(lines["clerk"]),
            "渠道": _text(lines["channel"].map(SHOP_SYSTEM_CHANNELS)),
            "会员卡号": _text(lines["card_no"]),
            "行号": pa.array(lines["line_no"]),
            "商品条码": _text(lines["barcode"]),
            "商品名称": _text(lines["name"]),
            "单位": _text(lines["unit"].map(SHOP_SYSTEM_UNITS)),
            "数量": _quantity(lines),
            "价格": yuan(lines["price_fen"]),
            "优惠金额": yuan(lines["discount_fen"]),
            "金额": _amount(lines),
            "实收金额": yuan(lines["receipt_fen"]),
            "支付方式": pa.array(lines["tender"].map(SHOP_SYSTEM_TENDERS).astype("int8")),
            "交易类型": pa.array(lines["is_return"].astype("int8")),
            "原单号": _text(lines["original_no"]),
        }
    )


def yuan(fen: pd.Series) -> pa.Array:
    """Integer fen as exact decimals with two places."""
    cents = pa.array(fen.to_numpy()).cast(pa.decimal128(19, 0))
    hundredth = pa.scalar("0.01").cast(pa.decimal128(3, 2))
    return pc.multiply(cents, hundredth).cast(pa.decimal128(19, 2))


def _product_rows(products: pd.DataFrame) -> pd.DataFrame:
    rows = products.assign(retail_price=products["retail_fen"] / 100, buy_price=products["buy_fen"] / 100)
    other = products["is_tobacco"] == 0
    for column in TOBACCO_ONLY:
        rows[column] = rows[column].astype("Int64").mask(other)
    return rows[PRODUCT_COLUMNS]


def _member_rows(members: pd.DataFrame) -> pd.DataFrame:
    rows = members.assign(
        dateOfBirth=members["dateOfBirth"].dt.strftime("%Y-%m-%d"),
        enrolled_on=members["enrolled_on"].dt.strftime("%Y-%m-%d"),
        age_verified_at=members["age_verified_at"].dt.strftime("%Y-%m-%d %H:%M:%S"),
    )
    return rows[MEMBER_COLUMNS]


def _text(values: pd.Series | pa.Array) -> pa.Array:
    array = pa.Array.from_pandas(values) if isinstance(values, pd.Series) else values
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return pc.fill_null(array.cast(pa.string()), "")


def _seconds(moments: pd.Series) -> pa.Array:
    return pa.Array.from_pandas(moments).cast(pa.timestamp("s"))


def _unless(lines: pd.DataFrame, fault: str, values: pd.Series, spoilt: str) -> pd.Series:
    return values.astype("str").mask(lines["fault"] == fault, spoilt)


def _quantity(lines: pd.DataFrame) -> pa.Array:
    whole = lines["quantity"].astype("str")
    return _text(whole.mask(lines["fault"] == "quantity_unreadable", "#N/A"))


def _amount(lines: pd.DataFrame) -> pa.Array:
    sound = yuan(lines["amount_fen"]).cast(pa.string())
    letters = pc.replace_substring(sound, ".", "O")
    return pc.if_else(pa.array(lines["fault"] == "amount_not_a_number"), letters, sound)


def _each_once(values: pd.Series, form: Callable[[Any], str]) -> pd.Series:
    """Format every distinct value once."""
    codes, distinct = pd.factorize(values)
    texts = pd.Index([form(value) for value in distinct])
    return pd.Series(pd.Categorical.from_codes(codes, categories=texts))


def _plain_date(day: pd.Timestamp) -> str:
    return f"{day.year}/{day.month}/{day.day}"


def _clock(moments: pd.Series) -> pd.Series:
    second = (moments - moments.dt.normalize()) // pd.Timedelta(seconds=1)
    return _each_once(second, lambda s: f"{s // 3600}:{s // 60 % 60:02d}:{s % 60:02d}")


def _blocks(store_ids: pd.Series) -> list[tuple[int, int]]:
    codes = store_ids.cat.codes.to_numpy()
    if not len(codes):
        return []
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    return list(zip(starts.tolist(), [*starts[1:].tolist(), len(codes)], strict=True))


def _csv_text(table: pa.Table) -> str:
    buffer = pa.BufferOutputStream()
    options = pacsv.WriteOptions(include_header=False, quoting_style="none")
    pacsv.write_csv(table, buffer, options)
    content: bytes = buffer.getvalue().to_pybytes()
    return content.decode().replace("\n", "\r\n")


def _total_row(lines: pd.DataFrame, headers: list[str]) -> str:
    sound = lines[lines["fault"] == ""]
    cells = {
        "门店编码": "合计",
        "数量": str(sound["quantity"].sum()),
        "金额": f"{sound['amount_fen'].sum() / 100:.2f}",
    }
    return ",".join(cells.get(header, "") for header in headers) + "\r\n"
