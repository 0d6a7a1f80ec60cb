"""Goods of the last days: what came in, what went back, what was lost, and the stock of every evening."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from demo.formats.orders import yuan
from demo.simulator import Chain

DAYS = 3
CARTONS_IN, PIECES_IN = 5, 24
LOST, FOUND = -2, 1
OPENING = 200


def write_goods(chain: Chain, folder: Path) -> None:
    """Goods come in on the first of the days, one product goes back, two counts are off on the last."""
    day = chain.lines["business_day"]
    sold = _sold(chain.lines[day > day.max() - pd.Timedelta(days=DAYS)])
    days = sorted(sold["day"].unique())
    supply, loss, stock = [], [], []
    for licence, of_store in sold.groupby("license_code", observed=True):
        goods = chain.products[chain.products["goods_code"].isin(of_store["goods_code"])]
        received, back, off = goods.head(4), goods.head(1), goods.tail(2)
        supply += [
            _supply(licence, "G1", days[0], received, "01"), _supply(licence, "G2", days[0], back, "02"),
        ]  # fmt: skip
        loss.append(_loss(licence, days[-1], off))
        moved = {(days[0], row.goods_code): _units(row) for row in _rows(received)}
        moved[days[0], back["goods_code"].iloc[0]] -= _units(back.iloc[0])
        counted = dict(zip(((days[-1], code) for code in off["goods_code"]), (LOST, FOUND), strict=True))
        stock += _stock(licence, of_store, goods["goods_code"].tolist(), days, moved, counted)
    (folder / "terminal_supply.json").write_text(json.dumps(supply, ensure_ascii=False))
    (folder / "terminal_loss.json").write_text(json.dumps({"data": loss}, ensure_ascii=False))
    with (folder / "terminal_stock.jsonl").open("w") as file:
        file.writelines(json.dumps(message) + "\n" for message in stock)


def _sold(lines: pd.DataFrame) -> pd.DataFrame:
    """Packs of tobacco, pieces of other goods, by store, product and day."""
    units = lines["packs"].where(lines["is_tobacco"] == 1, lines["quantity"])
    rows = lines.assign(units=units, day=lines["business_day"].dt.strftime("%Y%m%d"))
    keys = ["license_code", "goods_code", "day"]
    return rows.groupby(keys, observed=True)["units"].sum().reset_index()


def _rows(goods: pd.DataFrame) -> Any:
    return goods.itertuples()


def _units(row: Any) -> int:
    return CARTONS_IN * int(row.packs_per_carton) if row.is_tobacco else PIECES_IN


def _supply(licence: Any, number: str, day: str, goods: pd.DataFrame, kind: str) -> dict[str, Any]:
    tobacco = goods["is_tobacco"] == 1
    return {
        "license_code": licence, "bill_code": f"{number}-{day}", "supplier_code": "SUP01", "biz_type": kind,
        "biz_date": day, "dtlcount": len(goods), "dtl_is_tobacco": goods["is_tobacco"].tolist(),
        "dtl_goodsisn": goods["goods_code"].tolist(),
        "dtl_barcode": goods["carton_barcode"].where(tobacco, goods["pack_barcode"]).tolist(),
        "dtl_quantity": [CARTONS_IN if each else PIECES_IN for each in tobacco],
        "dtl_price": [yuan(fen) for fen in goods["buy_fen"]],
    }  # fmt: skip


def _loss(licence: Any, day: str, goods: pd.DataFrame) -> dict[str, Any]:
    return {
        "license_code": licence, "storchecksid": f"C-{day}", "bizdate": day,
        "dtl_productid": goods["goods_code"].tolist(), "dtl_barcode": goods["pack_barcode"].tolist(),
        "dtl_stockqty": [LOST, FOUND],
    }  # fmt: skip


def _stock(
    licence: Any,
    sold: pd.DataFrame,
    codes: list[str],
    days: list[str],
    moved: dict[tuple[str, str], int],
    counted: dict[tuple[str, str], int],
) -> list[dict[str, Any]]:
    """A message per evening, each opening with what the one before closed with."""
    units = dict(zip(zip(sold["day"], sold["goods_code"], strict=True), sold["units"].tolist(), strict=True))
    on_hand = dict.fromkeys(codes, OPENING)
    messages = []
    for day in days:
        opening = dict(on_hand)
        for code in codes:
            on_hand[code] += (
                moved.get((day, code), 0) - units.get((day, code), 0) + counted.get((day, code), 0)
            )
        messages.append({
            "license_code": licence, "reqdate": day, "dtlcount": len(codes), "dtl_productid": codes,
            "dtl_lastqty": list(opening.values()),
            "dtl_buyqty": [moved.get((day, code), 0) for code in codes],
            "dtl_saleqty": [units.get((day, code), 0) for code in codes],
            "dtl_correctqty": [counted.get((day, code), 0) for code in codes],
            "dtl_otherqty": [0] * len(codes), "dtl_restqty": [on_hand[code] for code in codes],
        })  # fmt: skip
    return messages
