"""A file of products: names, classes and the barcodes of pack and carton."""

from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from organization.imports import columns as cells
from organization.imports.columns import BadCell, Column
from organization.imports.reading import Layout
from organization.imports.rows import clean_rows
from organization.imports.tally import Tally
from organization.jobs import Progress
from organization.models import Import
from sales.models import Brand, Format, Product, ProductBarcode

PRODUCTS = (
    Column("code", ("goods_code", "goods_isn", "product_code", "商品标识", "商品编码"), True),
    Column("name", ("goods_name", "商品名称"), True),
    Column("pack_barcode", ("bitcode", "barcode", "包码", "条形码"), True),
    Column("carton_barcode", ("条码", "条装条码")),
    Column("brand", ("品牌",)),
    Column("manufacturer", ("factory", "厂家", "生产企业")),
    Column("price_class", ("价类",)),
    Column("format", ("规格类型",)),
    Column("capsule", ("爆珠",)),
    Column("tar", ("焦油量",)),
    Column("packs_per_carton", ("pack_rate", "包装率", "条包比")),
    Column("category", ("first_cust_category_code", "大类")),
    Column("is_tobacco", ("是否卷烟",)),
    Column("retail_price", ("零售价",)),
    Column("buy_price", ("购进价",)),
)
FORMATS = {choice: choice for choice in Format.values} | {
    "常规": Format.REGULAR, "中支": Format.MID, "细支": Format.SLIM, "异型": Format.ODD,
}  # fmt: skip
FIELDS = [column.name for column in PRODUCTS if column.name not in ("pack_barcode", "carton_barcode")]
BATCH = 2_000


def _barcode(cell: str) -> str:
    if not (cell.isalnum() and cell.isascii() and 3 <= len(cell) <= 20):
        raise BadCell(_("A barcode has 3 to 20 digits or letters."))
    return cell


CLEANERS = {
    "code": cells.text(40), "name": cells.text(120), "pack_barcode": _barcode, "carton_barcode": _barcode,
    "brand": cells.text(80), "manufacturer": cells.text(80), "price_class": cells.whole(1, 5),
    "format": cells.choice(FORMATS), "capsule": cells.flag, "tar": cells.number,
    "packs_per_carton": cells.whole(1, 100), "category": cells.text(60), "is_tobacco": cells.flag,
    "retail_price": cells.number, "buy_price": cells.number,
}  # fmt: skip


class _Catalogue:
    """What is there, and what the file changes, written batch by batch."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.products = {product.code: product for product in Product.objects.iterator()}
        self.owner = dict(ProductBarcode.objects.values_list("barcode", "product__code").iterator())
        self.brands = {brand.name: brand for brand in Brand.objects.all()}
        self.fresh: list[Product] = []
        self.changed: list[Product] = []
        self.barcodes: list[tuple[str, Product, bool]] = []

    def take(self, row: int, values: dict[str, Any]) -> None:
        sent = [(values.pop("pack_barcode"), False), (values.pop("carton_barcode", None), True)]
        product = self._product(values["code"], sent[0][0])
        for barcode, _carton in sent:
            owner = self.owner.get(barcode) if barcode else None
            if owner not in (None, values["code"], product.code if product else None):
                self.tally.refuse(row, "pack_barcode", barcode, _("Another product has this barcode."))
                return
        if "brand" in values:
            values["brand"] = self._brand(values["brand"])
        self._save(product, values, sent)

    def _product(self, code: str, barcode: str) -> Product | None:
        """The product of this code, or the unmatched one that a receipt made for its barcode."""
        if code in self.products:
            return self.products[code]
        unmatched = self.products.get(self.owner.get(barcode, ""))
        return unmatched if unmatched and not unmatched.is_matched else None

    def _brand(self, name: str) -> Brand:
        if name not in self.brands:
            self.brands[name] = Brand.objects.create(name=name)
        return self.brands[name]

    def _save(self, product: Product | None, values: dict[str, Any], sent: list[tuple[Any, bool]]) -> None:
        values["is_matched"] = True
        missing = [(barcode, carton) for barcode, carton in sent if barcode and barcode not in self.owner]
        if product is None:
            product = Product(**values)
            self.fresh.append(product)
            self.tally.added += 1
        else:
            changed = [name for name, value in values.items() if getattr(product, name) != value]
            for name in changed:
                setattr(product, name, values[name])
            if changed or missing:
                self.changed.append(product)
                self.tally.updated += 1
            else:
                self.tally.unchanged += 1
        self.products[values["code"]] = product
        for barcode, carton in missing:
            self.owner[barcode] = values["code"]
            self.barcodes.append((barcode, product, carton))

    def write(self) -> None:
        Product.objects.bulk_create(self.fresh, batch_size=BATCH)
        old = [product for product in self.changed if product.pk]
        Product.objects.bulk_update(old, [*FIELDS, "is_matched"], batch_size=500)
        rows = [ProductBarcode(barcode=code, product=product, is_carton=carton) for code, product, carton in self.barcodes]
        ProductBarcode.objects.bulk_create(rows, batch_size=BATCH)


def merge_products(record: Import, path: Path, layout: Layout, progress: Progress) -> Tally:
    """Import handler for products; the code says which product a row is."""
    tally = Tally()
    catalogue = _Catalogue(tally)
    for row, values in clean_rows(path, layout, CLEANERS, {"code", "name", "pack_barcode"}, tally):
        catalogue.take(row, values)
    catalogue.write()
    tally.made = {"products": tally.added}
    return tally
