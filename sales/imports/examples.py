"""Invented rows for the files to fill in; they fit the examples of stores and members."""

from django.utils.translation import gettext_lazy as _

PRODUCT_EXAMPLES = (
    {
        "code": "P0001", "name": _("Example cigarettes, slim"), "pack_barcode": "6900000000011",
        "carton_barcode": "6900000000012", "brand": _("Example brand"), "price_class": "2", "format": "slim",
        "capsule": "0", "tar": "8", "packs_per_carton": "10", "category": _("Cigarettes"), "is_tobacco": "1",
        "retail_price": "25.00", "buy_price": "21.50",
    },
    {
        "code": "P0002", "name": _("Example tea, bottled"), "pack_barcode": "6900000000021",
        "category": _("Drinks"), "is_tobacco": "0", "retail_price": "5.00", "buy_price": "3.20",
    },
)  # fmt: skip
# Two lines of one receipt.
SALES_EXAMPLES = (
    {
        "store": "990000000001", "number": "E0000001", "moment": "2026-03-02 08:15:00",
        "business_day": "2026-03-02", "till": "1", "clerk": "E01", "channel": "1", "card": "80000001",
        "line": "1", "barcode": "6900000000011", "product_name": _("Example cigarettes, slim"),
        "quantity": "2", "price": "25.00", "discount": "0.00", "amount": "50.00", "tender": "3",
        "total": "55.00", "trade_type": "0",
    },
    {
        "store": "990000000001", "number": "E0000001", "moment": "2026-03-02 08:15:00",
        "business_day": "2026-03-02", "till": "1", "clerk": "E01", "channel": "1", "card": "80000001",
        "line": "2", "barcode": "6900000000021", "product_name": _("Example tea, bottled"),
        "quantity": "1", "price": "5.00", "discount": "0.00", "amount": "5.00", "tender": "3",
        "total": "55.00", "trade_type": "0",
    },
)  # fmt: skip
