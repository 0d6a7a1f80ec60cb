"""Messages of retail terminals and lines of scan data, as the tests write them."""

import json
from typing import Any

from tests.sales.importing import CARTON, DRINK, PACK


def order(number: str = "R1", **fields: Any) -> dict[str, Any]:
    """Two packs, a carton and a drink for 245.00, paid in two ways, unless told otherwise."""
    return {
        "license_code": "0001",
        "clientorderid": number,
        "inputtime": "20260305100000",
        "bizdate": "20260305",
        "consumersid": "",
        "mobilephone": "",
        "dtlcount": 3,
        "dtl_goodsisn": ["T1", "T1", "D1"],
        "dtl_istobacco": ["1", "1", "0"],
        "dtl_unitid": ["", "", "瓶"],
        "dtl_barcode": [PACK, CARTON, DRINK],
        "dtl_saleprice": ["20.00", "200.00", "5.00"],
        "dtl_buyprice": ["17.00", "170.00", "3.00"],
        "dtl_quantity": ["2", "1", "1"],
        "paydtlcount": 2,
        "paydtl_fund_channel": ["JFEXCHANGE", "WEIXIN"],
        "paydtl_amount": ["5.00", "240.00"],
        "total_amount": "245.00",
        "receipt_amount": "245.00",
        **fields,
    }


def joined(message: dict[str, Any]) -> dict[str, Any]:
    """The same message with its lists parted by commas."""
    return {
        name: ",".join(map(str, value)) if isinstance(value, list) else value
        for name, value in message.items()
    }


def as_json(*messages: dict[str, Any], **wrapper: Any) -> str:
    document = {**wrapper, "data": list(messages)} if wrapper else list(messages)
    return json.dumps(document, ensure_ascii=False)


def as_json_lines(*messages: dict[str, Any]) -> str:
    return "\n".join(json.dumps(message, ensure_ascii=False) for message in messages)


def scan(receipt: str = "T1", line: str = "1", **fields: str) -> list[str]:
    """One line of scan data: a pack for 5.99 on 5 March 2026, unless told otherwise."""
    cells = {
        "name": "Example Smokes", "outlet": "0001", "a1": "1 Example Road", "a2": "", "city": "Exampleton",
        "state": "VA", "zip": "23220", "moment": "03/05/2026 02:22:33 PM", "receipt": receipt, "line": line,
        "register": "1", "quantity": "1", "price": "5.99", "upc": PACK, "description": "EXAMPLE KING BOX",
        "unit": "PACK", "promotion": "N", "multi": "N", "multi_n": "", "multi_off": "", "account": "",
        "account_off": "", "maker_off": "", "pid": "", "pid_off": "", "maker_multi": "N", "maker_multi_n": "",
        "maker_multi_off": "", "maker_promotion": "", "buydown": "", "buydown_off": "", "maker_words": "",
        "loyalty": "", "coupon": "", **fields,
    }  # fmt: skip
    return list(cells.values())


def as_scan_data(*lines: list[str], header: list[str] | None = None) -> str:
    return "\r\n".join("|".join(line) for line in ([header] if header else []) + list(lines)) + "\r\n"
