from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class SalesConfig(AppConfig):
    name = "sales"

    def ready(self) -> None:
        _register_products()
        _register_sales()
        _register_goods()
        _register_formats()


def _register_products() -> None:
    from organization.imports import checking, looks, undo
    from organization.imports.runner import Importer, register
    from organization.models import ImportKind
    from sales.imports.catalogue import PRODUCTS, merge_products
    from sales.imports.examples import PRODUCT_EXAMPLES
    from sales.imports.matching import barcodes_known
    from sales.imports.previews import preview_products
    from sales.imports.products_undo import products_dependents, products_undoer, store_hours_dependents
    from sales.models import LineBefore

    register(ImportKind.PRODUCTS, Importer(PRODUCTS, merge_products, PRODUCT_EXAMPLES))
    checking.register(ImportKind.PRODUCTS, preview_products)
    undo.register(ImportKind.PRODUCTS, products_undoer, journals=[LineBefore])
    undo.refuse_where(ImportKind.PRODUCTS, products_dependents)
    undo.refuse_where(ImportKind.STORES, store_hours_dependents)
    barcodes = ("barcode", "pack_barcode", "carton_barcode")
    looks.register_known(barcodes, gettext_lazy("the values are barcodes we know"), barcodes_known)


def _register_sales() -> None:
    from members.erasure import keep_without_person
    from members.imports.undo import register_derived, register_receipts
    from organization.imports import checking, undo
    from organization.imports.runner import Importer, register
    from organization.models import ImportKind
    from sales import models
    from sales.imports.columns import SALES
    from sales.imports.examples import SALES_EXAMPLES
    from sales.imports.merge import merge_sales
    from sales.imports.previews import preview_sales
    from sales.imports.undo import receipts_replaced_later, sales_undoer

    register(ImportKind.SALES, Importer(SALES, merge_sales, SALES_EXAMPLES, ("store", "number")))
    checking.register(ImportKind.SALES, preview_sales)
    undo.register(ImportKind.SALES, sales_undoer)
    undo.refuse_where(ImportKind.SALES, receipts_replaced_later)
    register_receipts(models.Receipt, models.ReceiptHistory)
    register_derived(models.ChangedMember)
    # The sums of store days count members, and a receipt that is corrected is found by its number.
    for model in (models.Receipt, models.ReceiptHistory, models.ReceiptLine, models.ReceiptLineHistory):
        keep_without_person(model)


def _register_goods() -> None:
    from organization.imports import checking, undo
    from organization.imports.runner import Importer, register
    from organization.models import ImportKind
    from sales.imports.goods import columns
    from sales.imports.goods import undo as goods_undo
    from sales.imports.goods.documents import merge_loss, merge_supply
    from sales.imports.goods.previews import preview_goods, preview_stock
    from sales.imports.goods.stock import merge_stock

    register(ImportKind.STOCK, Importer(columns.STOCK, merge_stock, columns.STOCK_EXAMPLES))
    register(ImportKind.SUPPLY, Importer(columns.SUPPLY, merge_supply, columns.SUPPLY_EXAMPLES))
    register(ImportKind.LOSS, Importer(columns.LOSS, merge_loss, columns.LOSS_EXAMPLES))
    checking.register(ImportKind.STOCK, preview_stock)
    undo.register(ImportKind.STOCK, goods_undo.stock_undoer)
    undo.refuse_where(ImportKind.STOCK, goods_undo.stock_replaced_later)
    for kind in (ImportKind.SUPPLY, ImportKind.LOSS):
        checking.register(kind, preview_goods)
        undo.register(kind, goods_undo.documents_undoer)
        undo.refuse_where(kind, goods_undo.documents_replaced_later)


def _register_formats() -> None:
    from organization.imports.profiles import register_builtin
    from sales.imports.formats import BUILTINS

    for builtin in BUILTINS:
        register_builtin(builtin)
