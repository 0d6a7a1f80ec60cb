"""Stores, products and members as retail terminals send them."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from demo.formats.orders import yuan
from demo.simulator import Chain


def write_catalogues(chain: Chain, folder: Path) -> None:
    """One JSON document each, as lists, wrapped or not."""
    _write(folder / "terminal_stores.json", {"data": _stores(chain.stores)})
    tobacco = chain.products["is_tobacco"] == 1
    _write(folder / "terminal_tobacco.json", {"data": _tobacco(chain.products[tobacco])})
    _write(folder / "terminal_goods.json", _goods(chain.products[~tobacco]))
    _write(folder / "terminal_members.json", {"result": {"rows": _members(chain.members)}})


def _write(path: Path, document: Any) -> None:
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1))


def _stores(stores: pd.DataFrame) -> list[dict[str, str]]:
    return [
        {"store_id": row.store_id, "license_code": row.license_code, "cust_name": row.cust_name,
         "is_active": "1"}
        for row in _rows(stores)
    ]  # fmt: skip


def _tobacco(products: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            "product_id": row.goods_code, "product_name": row.name, "bar_code": row.carton_barcode,
            "pack_code": row.pack_barcode, "strip_rate": int(row.packs_per_carton), "brand_name": row.brand,
            "factory": row.manufacturer, "is_abnormal": int(row.format == "odd"),
            "price_class": f"{' 一二三四五'[int(row.price_class)]}类", "tar_content": f"{int(row.tar)}mg",
            "is_active": "1",
        }
        for row in _rows(products)
    ]  # fmt: skip


def _goods(products: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            "goods_isn": row.goods_code, "goods_name": row.name, "bitcode": row.pack_barcode,
            "first_cust_category_code": row.category, "brand": row.brand, "factory": row.manufacturer,
            "buy_price": yuan(row.buy_fen), "retail_price": yuan(row.retail_fen), "is_pack": "0",
            "is_active": "1",
        }
        for row in _rows(products)
    ]  # fmt: skip


def _members(members: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            "mobile": row.mobile, "nickName": row.nickName, "cityCode": "0000", "cityName": "示例市",
            "tobaccoLicense": row.tobaccoLicense, "channelId": "1",
            "dateOfBirth": "" if pd.isna(row.dateOfBirth) else f"{row.dateOfBirth:%Y-%m-%d}",
            "sex": int(row.sex),
        }
        for row in _rows(members)
        if row.mobile
    ]  # fmt: skip


def _rows(frame: pd.DataFrame) -> Any:
    """Rows as tuples with names; a frame of text has empty cells, not missing ones."""
    return frame.astype(dict.fromkeys(frame.columns, "object")).itertuples()
