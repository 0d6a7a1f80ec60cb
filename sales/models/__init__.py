"""Products, receipts and their lines, daily totals; goods that moved otherwise than by a sale."""

from sales.models.goods import (
    GoodsDocument,
    GoodsDocumentHistory,
    GoodsKind,
    GoodsLine,
    StockDay,
    StockDayHistory,
)
from sales.models.receipts import (
    Brand,
    ChangedMember,
    Format,
    LineBefore,
    Product,
    ProductBarcode,
    Receipt,
    ReceiptHistory,
    ReceiptLine,
    ReceiptLineHistory,
    ReceiptsChange,
    SaleChannel,
    StoreDay,
    StoreHour,
)

__all__ = [
    "Brand",
    "ChangedMember",
    "Format",
    "GoodsDocument",
    "GoodsDocumentHistory",
    "GoodsKind",
    "GoodsLine",
    "LineBefore",
    "Product",
    "ProductBarcode",
    "Receipt",
    "ReceiptHistory",
    "ReceiptLine",
    "ReceiptLineHistory",
    "ReceiptsChange",
    "SaleChannel",
    "StockDay",
    "StockDayHistory",
    "StoreDay",
    "StoreHour",
]
