"""A file of products: names, classes and the barcodes of pack and carton."""

import unicodedata
from collections import Counter
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from organization.imports import columns as cells
from organization.imports.columns import YES_NO, BadCell, Column
from organization.imports.journal import Journal, Latest, rests_note
from organization.imports.reading import Layout, Source
from organization.imports.rows import clean_rows
from organization.imports.tally import Tally
from organization.jobs import Progress
from organization.models import Import
from sales.imports.matching import Match, restate_lines
from sales.models import Brand, Format, Product, ProductBarcode
from sales.services import OF_PRODUCTS, receipts_changed

PRODUCTS = (
    Column(
        "code",
        gettext_lazy("Code"),
        ("goods_code", "goods_isn", "product_code", "商品标识", "商品编码"),
        True,
    ),
    Column("name", gettext_lazy("Name"), ("goods_name", "商品名称"), True),
    Column(
        "pack_barcode", gettext_lazy("Barcode of the pack"), ("bitcode", "barcode", "包码", "条形码"), True
    ),
    Column("carton_barcode", gettext_lazy("Barcode of the carton"), ("条码", "条装条码")),
    Column("brand", gettext_lazy("Brand"), ("品牌",)),
    Column("manufacturer", gettext_lazy("Manufacturer"), ("factory", "厂家", "生产企业")),
    Column("price_class", gettext_lazy("Price class"), ("价类",)),
    Column("format", gettext_lazy("Format"), ("规格类型",)),
    Column("capsule", gettext_lazy("Capsule"), ("爆珠",), choices=YES_NO),
    Column("tar", gettext_lazy("Tar, mg"), ("焦油量",), holds="number", digits=1),
    Column(
        "packs_per_carton",
        gettext_lazy("Packs per carton"),
        ("pack_rate", "包装率", "条包比"),
        holds="number",
        digits=0,
    ),
    Column("category", gettext_lazy("Category"), ("first_cust_category_code", "大类")),
    Column("is_tobacco", gettext_lazy("Tobacco"), ("是否卷烟",), choices=YES_NO),
    Column("retail_price", gettext_lazy("Retail price"), ("零售价",), holds="number", digits=2),
    Column("buy_price", gettext_lazy("Buy price"), ("购进价",), holds="number", digits=2),
)
FORMATS = {choice: choice for choice in Format.values} | {
    "常规": Format.REGULAR, "中支": Format.MID, "细支": Format.SLIM, "异型": Format.ODD,
}  # fmt: skip
CLASSES = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "I": 1, "II": 2, "III": 3, "IV": 4, "V": 5}
FIELDS = [column.name for column in PRODUCTS if column.name not in ("pack_barcode", "carton_barcode")]
BATCH = 2_000
DECIDES_PACKS = {"is_tobacco", "packs_per_carton"}
# What the facts of members who bought the product are made of, beside its packs.
DECIDES_FACTS = {"is_tobacco", "brand", "price_class", "format"}


_class = cells.whole(1, 5)


def _price_class(cell: str) -> int:
    """1 to 5, or as the trade writes it: 一类, 三类烟, 2类, Ⅳ类."""
    plain = unicodedata.normalize("NFKC", cell).strip().upper().removesuffix("烟").removesuffix("类")
    try:
        return CLASSES.get(plain) or _class(plain)
    except BadCell:
        raise BadCell(_("This is not a price class: 1 to 5, or 一类 to 五类.")) from None


def _barcode(cell: str) -> str:
    if not (cell.isalnum() and cell.isascii() and 3 <= len(cell) <= 20):
        raise BadCell(_("A barcode has 3 to 20 digits or letters."))
    return cell


CLEANERS = {
    "code": cells.text(40), "name": cells.text(120), "pack_barcode": _barcode, "carton_barcode": _barcode,
    "brand": cells.text(80), "manufacturer": cells.text(80), "price_class": _price_class,
    "format": cells.choice(FORMATS), "capsule": cells.flag, "tar": cells.exact(1, below=1_000),
    "packs_per_carton": cells.whole(1, 100), "category": cells.text(60), "is_tobacco": cells.flag,
    "retail_price": cells.exact(2), "buy_price": cells.exact(2),
}  # fmt: skip


class _Catalogue:
    """What is there, and what the file changes, written batch by batch."""

    def __init__(self, record: Import, tally: Tally) -> None:
        self.record, self.tally = record, tally
        self.journal, self.latest, self.rests = Journal(record), Latest(Product), Counter[int]()
        self.products = {product.code: product for product in Product.objects.select_related("brand")}
        self.given = {row.barcode: row for row in ProductBarcode.objects.select_related("product")}
        self.owner = {barcode: row.product.code for barcode, row in self.given.items()}
        self.brands = {brand.name: brand for brand in Brand.objects.all()}
        self.fresh: list[Product] = []
        self.changed: list[Product] = []
        self.barcodes: dict[str, ProductBarcode] = {}
        self.matches: list[Match] = []
        self.edited: list[int] = []

    def take(self, row: int, values: dict[str, Any]) -> None:
        sent = {values.pop("pack_barcode"): False}
        if carton := values.pop("carton_barcode", None):
            sent.setdefault(carton, True)
        product = self._product(values["code"], next(iter(sent)))
        for barcode, is_carton in sent.items():
            owner = self._owner(barcode)
            if owner and owner is not product and owner.is_matched:
                column = "carton_barcode" if is_carton else "pack_barcode"
                self.tally.refuse(row, column, barcode, _("Another product has this barcode."))
                return
        if "brand" in values:
            values["brand"] = self._brand(values["brand"])
        missing = [barcode for barcode in sent if product is None or self._owner(barcode) is not product]
        saved = self._save(product, values, is_changed=bool(missing))
        for barcode in missing:
            self._give(barcode, saved, is_carton=sent[barcode])

    def _owner(self, barcode: str) -> Product | None:
        return self.products.get(self.owner.get(barcode, ""))

    def _give(self, barcode: str, product: Product, *, is_carton: bool) -> None:
        """A barcode gets its product; one that receipts made for it until now gives way."""
        unmatched = self._owner(barcode)
        if unmatched:
            self.matches.append(Match(unmatched.pk, product, is_carton))
            self.journal.going(unmatched)
            del self.products[unmatched.code]
        self.owner[barcode] = product.code
        row = self.given.get(barcode)
        if row is None:
            row = self.given[barcode] = ProductBarcode(barcode=barcode)
            self.journal.made(row)
        self.journal.changing(row)
        row.product, row.is_carton = product, is_carton
        self.barcodes[barcode] = row

    def _product(self, code: str, barcode: str) -> Product | None:
        """The product of this code, or the unmatched one that a receipt made for its barcode."""
        if code in self.products:
            return self.products[code]
        unmatched = self._owner(barcode)
        return unmatched if unmatched and not unmatched.is_matched else None

    def _brand(self, name: str) -> Brand:
        if name not in self.brands:
            self.brands[name] = Brand.objects.create(name=name)
            self.journal.made(self.brands[name])
        return self.brands[name]

    def _save(self, product: Product | None, values: dict[str, Any], *, is_changed: bool) -> Product:
        values["is_matched"] = True
        if product is None:
            product = Product(**values)
            self.journal.made(product)
            self.fresh.append(product)
            self.tally.added += 1
        else:
            changed = [name for name, value in values.items() if getattr(product, name) != value]
            if changed or is_changed:
                self.journal.changing(product)
            for name in changed:
                setattr(product, name, values[name])
            if product.pk and DECIDES_PACKS.intersection(changed):
                self.matches.append(Match(product.pk, product, False))
            if product.pk and DECIDES_FACTS.intersection(changed):
                self.edited.append(product.pk)
            if changed or is_changed:
                self.changed.append(product)
                self.tally.updated += 1
            else:
                self.tally.unchanged += 1
                if by := self.latest.of(product):
                    self.rests[by] += 1
        self.products[values["code"]] = product
        return product

    def write(self) -> None:
        Product.objects.bulk_create(self.fresh, batch_size=BATCH)
        Product.objects.bulk_update(self.changed, [*FIELDS, "is_matched"], batch_size=500)
        ProductBarcode.objects.bulk_create(
            self.barcodes.values(),
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["barcode"],
            update_fields=["product", "is_carton"],
        )
        self.journal.write()
        rests_note(self.record, self.rests)
        self.tally.days = restate_lines(self.record, self.matches)
        if self.edited:
            receipts_changed(why="product", rows=OF_PRODUCTS, products=self.edited)


def merge_products(record: Import, file: Source, layout: Layout, progress: Progress) -> Tally:
    """Import handler for products; the code says which product a row is."""
    tally = Tally()
    catalogue = _Catalogue(record, tally)
    for row, values in clean_rows(file, layout, CLEANERS, {"code", "name", "pack_barcode"}, tally):
        catalogue.take(row, values)
    catalogue.write()
    tally.made = {"products": tally.added}
    return tally
