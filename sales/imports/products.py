"""Barcodes to products: a carton counts in packs, an unknown barcode becomes an unmatched product."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from organization.imports import columns as cells
from organization.imports.columns import BadCell
from organization.imports.copying import reserve_ids
from organization.imports.reading import Batch
from organization.imports.tally import Tally
from sales.imports.columns import CARTON_UNITS
from sales.imports.distinct import BAD, Distinct, stable_hash
from sales.models import Product, ProductBarcode


class Products:
    """Every barcode gets a row number in arrays of what the sales need to know of it."""

    def __init__(self) -> None:
        rows = ProductBarcode.objects.values_list(
            "barcode", "product_id", "is_carton", "product__is_tobacco", "product__packs_per_carton"
        )
        self._index: dict[str, int] = {}
        self._product: list[int] = []
        self._tobacco: list[bool] = []
        self._packs: list[int] = []  # packs in one unit sold under this barcode
        self._per_carton: list[int] = []
        self._hash: list[int] = []
        for barcode, product, is_carton, tobacco, per_carton in rows.iterator():
            self._add(barcode, product, tobacco, per_carton if is_carton else 1, per_carton)
        self.made: list[Product] = []
        self._codes = Distinct(self._find)
        self._flag = Distinct(lambda text: int(cells.flag(text)), empty=0)
        self._new: dict[str, tuple[str, bool]] = {}

    def resolve(self, batch: Batch, records: NDArray[np.void], tally: Tally) -> None:
        texts, encoded = batch.column("barcode"), batch.distinct("barcode")
        assert texts is not None and encoded is not None, "barcode is a required column"
        self._describe_new(batch, encoded)
        codes = self._codes.integers(encoded)
        for index in np.flatnonzero(codes == BAD).tolist():
            text = texts[index].as_py()
            tally.refuse(
                int(batch.rows[index]), "barcode", text, self._codes.reason(text) or _("This cell is empty.")
            )
        records["bad"] |= codes == BAD
        codes = np.where(codes == BAD, 0, codes)
        if self._product:
            self._fill(batch, records, codes, tally)

    def _fill(self, batch: Batch, records: NDArray[np.void], codes: NDArray[np.int64], tally: Tally) -> None:
        records["product"] = np.array(self._product)[codes]
        records["sent"] = np.array(self._hash, dtype=np.uint64)[codes]
        tobacco, in_unit = np.array(self._tobacco)[codes], np.array(self._packs)[codes]
        carton = in_unit > 1
        units = batch.column("unit")
        if units is not None:
            records["by_unit"] = pc.is_in(units, pa.array(CARTON_UNITS)).to_numpy(zero_copy_only=False)
            by_unit = records["by_unit"] & ~carton
            in_unit = np.where(by_unit, np.array(self._per_carton)[codes], in_unit)
            carton |= by_unit
        packs = records["quantity"] * in_unit
        broken = tobacco & (packs % 1000 != 0) & ~records["bad"]
        for index in np.flatnonzero(broken).tolist():
            tally.refuse(int(batch.rows[index]), "quantity", str(records["quantity"][index] / 1000),
                         _("Cigarettes are sold in whole packs."))  # fmt: skip
        records["bad"] |= broken
        records["packs"] = np.where(tobacco, packs // 1000, 0)
        # Kept of other goods too: the catalogue may learn later that they are cigarettes.
        records["carton"] = carton

    def save_new(self, used: set[int]) -> int:
        """Create the products that were only barcodes so far and are on a stored receipt."""
        made = [product for product in self.made if product.id in used]
        Product.objects.bulk_create(made, batch_size=5_000)
        barcodes = [ProductBarcode(barcode=product.code, product=product) for product in made]
        ProductBarcode.objects.bulk_create(barcodes, batch_size=5_000)
        return len(made)

    def _describe_new(self, batch: Batch, texts: pa.DictionaryArray) -> None:
        """Name and kind of barcodes never seen, from their first row."""
        seen = texts.dictionary.to_pylist()
        unknown = {code for code in seen if code and code not in self._index and code not in self._new}
        if not unknown:
            return
        names, kinds = batch.column("product_name"), batch.column("is_tobacco")
        tobacco = self._flag.integers(kinds) == 1 if kinds is not None else np.zeros(len(texts), bool)
        for index, code in enumerate(texts.to_pylist()):
            if code in unknown:
                unknown.discard(code)
                name = names[index].as_py() if names is not None else ""
                self._new[code] = (name[:120] or code, bool(tobacco[index]))

    def _find(self, barcode: str) -> int:
        index = self._index.get(barcode)
        if index is not None:
            return index
        if not barcode.isalnum() or not barcode.isascii() or not 3 <= len(barcode) <= 20:
            raise BadCell(_("A barcode has 3 to 20 digits or letters."))
        name, tobacco = self._new.get(barcode, (barcode, False))
        product = Product(
            id=int(reserve_ids(Product, 1)[0]), code=barcode, name=name, is_tobacco=tobacco, is_matched=False
        )
        self.made.append(product)
        return self._add(barcode, product.id, tobacco, 1, product.packs_per_carton)

    def _add(self, barcode: str, product: int, tobacco: bool, packs: int, per_carton: int) -> int:
        self._index[barcode] = len(self._product)
        self._product.append(product)
        self._tobacco.append(tobacco)
        self._packs.append(packs)
        self._per_carton.append(per_carton)
        self._hash.append(stable_hash(barcode) >> 1)
        return self._index[barcode]
