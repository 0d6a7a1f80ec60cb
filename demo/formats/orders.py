"""Receipts as messages of retail terminals: one document, lines of JSON, and a flat table."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

OF_RECEIPT = {
    "license_code": "license_code", "clientorderid": "receipt_no", "PosNo": "till", "clerk": "clerk",
    "channel": "channel", "consumersid": "card_no", "mobilephone": "mobile",
    "original_orderid": "original_no",
}  # fmt: skip


def write_orders(lines: pd.DataFrame, folder: Path) -> None:
    """The same receipts three times."""
    messages = list(order_messages(lines))
    text = json.dumps({"code": "0", "data": messages}, ensure_ascii=False, indent=1)
    (folder / "terminal_orders.json").write_text(text)
    flat = [{name: _joined(value) for name, value in message.items()} for message in messages]
    with (folder / "terminal_orders.jsonl").open("w") as file:
        file.writelines(json.dumps(message, ensure_ascii=False) + "\n" for message in flat)
    with (folder / "terminal_orders.csv").open("w", encoding="gb18030", newline="") as file:
        writer = csv.DictWriter(file, list(flat[0]))
        writer.writeheader()
        writer.writerows(flat)


def order_messages(lines: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """One message per receipt, in the field names of the upload interface."""
    texts = _texts(lines)
    keys = lines["store_id"].astype("str") + "\0" + lines["receipt_no"].astype("str")
    starts = np.flatnonzero(keys.ne(keys.shift()).to_numpy()).tolist()
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        head = {name: texts[name][start] for name in (*OF_RECEIPT, "inputtime", "bizdate", "trade_type")}
        details = {name: column[start:end] for name, column in texts.items() if name.startswith("dtl_")}
        gross = sum(texts["gross"][start:end])
        yield {
            **head,
            "dtlcount": end - start,
            **details,
            "paydtlcount": 1,
            "paydtl_fund_channel": [texts["tender"][start]],
            "paydtl_amount": [texts["receipt"][start]],
            "total_amount": yuan(gross),
            "receipt_amount": texts["receipt"][start],
        }


def _texts(lines: pd.DataFrame) -> dict[str, list[Any]]:
    columns = {
        name: lines[column].astype("str").where(lines[column].notna(), "")
        for name, column in OF_RECEIPT.items()
    }
    return {name: column.tolist() for name, column in columns.items()} | {
        "inputtime": lines["moment"].dt.strftime("%Y%m%d%H%M%S").tolist(),
        "bizdate": lines["business_day"].dt.strftime("%Y%m%d").tolist(),
        "trade_type": lines["is_return"].astype("int8").tolist(),
        "tender": lines["tender"].astype("str").tolist(),
        "receipt": lines["receipt_fen"].map(yuan).tolist(),
        "gross": (lines["price_fen"] * lines["quantity"]).tolist(),
        "dtl_goodsisn": lines["goods_code"].astype("str").tolist(),
        "dtl_istobacco": lines["is_tobacco"].astype("str").tolist(),
        "dtl_unitid": np.where(lines["is_tobacco"] == 1, "", "件").tolist(),
        "dtl_barcode": lines["barcode"].astype("str").tolist(),
        "dtl_saleprice": lines["price_fen"].map(yuan).tolist(),
        "dtl_buyprice": lines["buy_fen"].map(yuan).tolist(),
        "dtl_quantity": lines["quantity"].astype("str").tolist(),
        "dtl_discount": lines["discount_fen"].map(yuan).tolist(),
    }


def _joined(value: Any) -> Any:
    return ",".join(map(str, value)) if isinstance(value, list) else value


def yuan(fen: int) -> str:
    """Two places, for good."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"
