"""The columns of files of goods, by the names terminals give them; examples to fill in."""

from django.utils.translation import gettext_lazy as _

from organization.imports.columns import Column

_STORE = Column(
    "store",
    _("Store"),
    ("license_code", "licence_number", "tobaccoLicense", "许可证号", "门店编码", "store_id"),
    True,
)
_LINE = Column("line", _("Line number"), ("line_no", "行号"), holds="number", digits=0)
_BARCODE = Column("barcode", _("Product (barcode)"), ("dtl_barcode", "upc", "商品条码", "条码"))
STOCK = (
    _STORE,
    Column("day", _("Day"), ("reqdate", "日结日期"), True, holds="day"),
    Column("product", _("Product (code)"), ("dtl_productid", "goods_isn", "商品编码", "商品标识")),
    _BARCODE,
    Column("opening", _("Opening stock"), ("dtl_lastqty", "期初数量"), True, holds="number", digits=3),
    Column("received", _("Received"), ("dtl_buyqty", "购进数量"), True, holds="number", digits=3),
    Column("sold", _("Sold"), ("dtl_saleqty", "销售数量"), True, holds="number", digits=3),
    Column("adjusted", _("Adjusted"), ("dtl_correctqty", "损溢数量"), holds="number", digits=3),
    Column("other", _("Other movements"), ("dtl_otherqty", "其他数量"), holds="number", digits=3),
    Column("closing", _("Closing stock"), ("dtl_restqty", "期末数量"), True, holds="number", digits=3),
)
SUPPLY = (
    _STORE,
    Column("number", _("Document number"), ("bill_code", "单据号", "入库单号"), True),
    Column("supplier", _("Supplier"), ("supplier_code", "供应商编码")),
    Column("type", _("In or return"), ("biz_type", "业务类型"), True),
    Column("day", _("Day"), ("biz_date", "业务日期"), True, holds="day"),
    _LINE,
    _BARCODE,
    Column("product", _("Product (code)"), ("dtl_goodsisn", "goods_isn", "商品编码", "商品标识")),
    Column("quantity", _("Quantity"), ("dtl_quantity", "数量"), True, holds="number", digits=3),
    Column("price", _("Price"), ("dtl_price", "单价", "购进价"), holds="number"),
)
LOSS = (
    _STORE,
    Column("number", _("Document number"), ("storchecksid", "损溢单号"), True),
    Column("day", _("Day"), ("bizdate", "业务日期"), True, holds="day"),
    _LINE,
    _BARCODE,
    Column("product", _("Product (code)"), ("dtl_productid", "goods_isn", "商品编码", "商品标识")),
    Column("packs", _("Packs over or short"), ("dtl_stockqty", "损溢包数"), True, holds="number", digits=3),
)
RETURNS = {"01": False, "1": False, "in": False, "入库": False, "02": True, "2": True, "return": True,
           "退货": True}  # fmt: skip

STOCK_EXAMPLES = (
    {
        "store": "990000000001", "day": "2026-03-02", "product": "P0001", "opening": "100", "received": "50",
        "sold": "30", "adjusted": "-1", "other": "0", "closing": "119",
    },
    {
        "store": "990000000001", "day": "2026-03-02", "product": "P0002", "opening": "24", "received": "0",
        "sold": "5", "adjusted": "0", "other": "0", "closing": "19",
    },
)  # fmt: skip
SUPPLY_EXAMPLES = (
    {
        "store": "990000000001", "number": "G0001", "supplier": "SUP01", "type": "01", "day": "2026-03-02",
        "line": "1", "barcode": "6900000000012", "quantity": "5", "price": "215.00",
    },
    {
        "store": "990000000001", "number": "G0001", "supplier": "SUP01", "type": "01", "day": "2026-03-02",
        "line": "2", "barcode": "6900000000021", "quantity": "24", "price": "3.20",
    },
)  # fmt: skip
LOSS_EXAMPLES = (
    {
        "store": "990000000001", "number": "L0001", "day": "2026-03-02", "line": "1",
        "barcode": "6900000000011", "packs": "-1",
    },
    {
        "store": "990000000001", "number": "L0001", "day": "2026-03-02", "line": "2",
        "barcode": "6900000000021", "packs": "2",
    },
)  # fmt: skip
