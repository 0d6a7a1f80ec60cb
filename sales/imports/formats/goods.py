"""Catalogues and messages of goods as retail terminals send them."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from organization.imports.columns import plain_title
from organization.imports.profiles import has_titles
from organization.imports.shapes import each_text

Columns = tuple[NDArray[np.int64], list[pa.Array]]
# Its prices may be those of a carton or of a pack; they are left to files that say which.
TOBACCO = {
    "code": ("productid", "产品id", "商品id", "productcode", "产品编码", "商品编码"),
    "name": ("productname", "产品名称", "商品名称"),
    "carton_barcode": ("barcode", "cartonbarcode", "条码", "条形码"),
    "pack_barcode": ("packcode", "packbarcode", "包码", "盒码"),
    "brand": ("brandname", "品牌名称", "品牌"),
    "manufacturer": ("factory", "factoryname", "manufacturer", "生产厂家", "厂家"),
    "packs_per_carton": ("striprate", "conversionratio", "条包比", "条换算比"),
    "price_class": ("priceclasscode", "priceclass", "价类编码", "价类", "价类名称"),
    "tar": ("tarcontent", "tar", "焦油含量", "焦油量"),
    "format": ("isabnormal", "是否异型"),
}
is_stock = has_titles("reqdate", "dtlproductid", "dtllastqty", "dtlrestqty")
is_supply = has_titles("billcode", "dtlbarcode", "dtlquantity")
is_loss = has_titles("storchecksid", "dtlbarcode", "dtlstockqty")
is_other_goods = has_titles("goodsisn", "goodsname", "bitcode")
TOLD_BY = {
    "isabnormal",
    "是否异型",
    "tarcontent",
    "焦油含量",
    "pinyin",
    "拼音助记码",
    "isbackbone",
    "是否骨干",
}
_CLASSES = {"一": "1", "二": "2", "三": "3", "四": "4", "五": "5"}


def is_tobacco(header: list[str]) -> bool:
    """The platform's catalogue of tobacco."""
    plain = {plain_title(title) for title in header}
    needed = ("code", "name", "carton_barcode", "pack_barcode")
    told = {
        "isabnormal",
        "是否异型",
        "tarcontent",
        "焦油含量",
        "pinyin",
        "拼音助记码",
        "isbackbone",
        "是否骨干品牌",
    }
    return bool(plain & told) and all(plain.intersection(TOBACCO[name]) for name in needed)


class OtherGoods:
    """A shape: what orders and stock call a product is its goods_isn; none of it is tobacco."""

    keeps_rows = True

    def titles(self, header: list[str]) -> list[str]:
        """Those of the catalogue, after what is worked out; a pack rate says nothing of cartons here."""
        plain = [plain_title(title) for title in header]
        self._code = plain.index("goodsisn")
        return ["code", "is_tobacco", "packs_per_carton", *header]

    def columns(self, rows: NDArray[np.int64], columns: list[pa.Array]) -> Columns:
        """The same rows."""
        code = pc.utf8_trim_whitespace(columns[self._code])
        given = pc.not_equal(code, "")
        return rows, [code, pc.if_else(given, "0", ""), pc.if_else(given, "", ""), *columns]


class Tobacco:
    """A shape: the platform's names of columns, and its words for classes and packs."""

    keeps_rows = True

    def titles(self, header: list[str]) -> list[str]:
        """Ours, and those that become none of them."""
        plain = [plain_title(title) for title in header]
        self._places = {
            name: next(plain.index(title) for title in titles if title in plain)
            for name, titles in TOBACCO.items()
            if set(titles) & set(plain)
        }
        self._header = header
        self._rest = [at for at in range(len(header)) if at not in self._places.values()]
        return [*self._places, "is_tobacco", *(f"{header[at]} (?)" for at in self._rest)]

    def origin(self, name: str) -> str:
        """The title that a column of ours has in the file."""
        return self._header[self._places[name]] if name in self._places else ""

    def unused(self, header: list[str]) -> list[str]:
        """Titles that become nothing."""
        return [header[at] for at in self._rest]

    def columns(self, rows: NDArray[np.int64], columns: list[pa.Array]) -> Columns:
        """The same rows."""
        found = {name: pc.utf8_trim_whitespace(columns[at]) for name, at in self._places.items()}
        tobacco = pc.if_else(pc.not_equal(found["code"], ""), "1", "")
        made = [each_text(column, _MAKE[name]) if name in _MAKE else column for name, column in found.items()]
        return rows, [*made, tobacco, *(columns[at] for at in self._rest)]


def _class(text: str) -> str:
    """一类 is 1; a code such as 01 is its number."""
    found = re.fullmatch(r"0*(\d)|([一二三四五])类.*", text)
    return (found[1] or _CLASSES[found[2]]) if found else text


def _tar(text: str) -> str:
    return re.sub(r"\s*(?:mg|毫克).*$", "", text, flags=re.IGNORECASE)


def _format(text: str) -> str:
    return "odd" if text.lower() in ("1", "y", "yes", "true", "是") else ""


_MAKE = {"price_class": _class, "tar": _tar, "format": _format}
