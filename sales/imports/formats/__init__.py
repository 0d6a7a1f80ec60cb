"""Shapes of files that tills and chains send elsewhere already."""

from django.utils.translation import gettext_lazy as _

from organization.imports.messages import Messages
from organization.imports.profiles import Builtin
from organization.imports.tables import Habits
from organization.models import ImportKind
from sales.imports.formats import goods
from sales.imports.formats.retail_terminal import Orders, is_orders
from sales.imports.formats.scan_data import ScanData, is_scan_data, names_of_fields

BUILTINS = (
    Builtin("terminal_orders", ImportKind.SALES, _("Retail terminal: orders"), Orders, is_orders),
    Builtin(
        "scan_data",
        ImportKind.SALES,
        _("MSA retailer scan data"),
        ScanData,
        is_scan_data,
        names_of_fields,
        Habits(resend="merge_lines"),
    ),
    Builtin(
        "terminal_tobacco",
        ImportKind.PRODUCTS,
        _("Retail terminal: tobacco products"),
        goods.Tobacco,
        goods.is_tobacco,
    ),
    Builtin(
        "terminal_goods",
        ImportKind.PRODUCTS,
        _("Retail terminal: other goods"),
        goods.OtherGoods,
        goods.is_other_goods,
    ),
    Builtin(
        "terminal_stock", ImportKind.STOCK, _("Retail terminal: day-end stock"), Messages, goods.is_stock
    ),
    Builtin("terminal_supply", ImportKind.SUPPLY, _("Retail terminal: goods in"), Messages, goods.is_supply),
    Builtin("terminal_loss", ImportKind.LOSS, _("Retail terminal: losses"), Messages, goods.is_loss),
)
