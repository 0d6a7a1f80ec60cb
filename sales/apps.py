from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class SalesConfig(AppConfig):
    name = "sales"

    def ready(self) -> None:
        from members.erasure import keep_without_person
        from members.imports.undo import register_derived, register_receipts
        from organization.imports import checking, looks, undo
        from organization.imports.profiles import register_builtin
        from organization.imports.runner import Importer, register
        from organization.models import ImportKind
        from sales.imports.catalogue import PRODUCTS, merge_products
        from sales.imports.columns import SALES
        from sales.imports.examples import PRODUCT_EXAMPLES, SALES_EXAMPLES
        from sales.imports.formats import BUILTINS
        from sales.imports.goods.columns import (
            LOSS,
            LOSS_EXAMPLES,
            STOCK,
            STOCK_EXAMPLES,
            SUPPLY,
            SUPPLY_EXAMPLES,
        )
        from sales.imports.goods.documents import merge_loss, merge_supply
        from sales.imports.goods.previews import preview_goods, preview_stock
        from sales.imports.goods.stock import merge_stock
        from sales.imports.goods.undo import (
            documents_replaced_later,
            documents_undoer,
            stock_replaced_later,
            stock_undoer,
        )
        from sales.imports.matching import barcodes_known
        from sales.imports.merge import merge_sales
        from sales.imports.previews import preview_products, preview_sales
        from sales.imports.products_undo import products_dependents, products_undoer, store_hours_dependents
        from sales.imports.undo import receipts_replaced_later, sales_undoer
        from sales.models import (
            ChangedMember,
            LineBefore,
            Receipt,
            ReceiptHistory,
            ReceiptLine,
            ReceiptLineHistory,
        )

        register(ImportKind.PRODUCTS, Importer(PRODUCTS, merge_products, PRODUCT_EXAMPLES))
        checking.register(ImportKind.PRODUCTS, preview_products)
        checking.register(ImportKind.SALES, preview_sales)
        register(ImportKind.SALES, Importer(SALES, merge_sales, SALES_EXAMPLES, ("store", "number")))
        undo.register(ImportKind.PRODUCTS, products_undoer, journals=[LineBefore])
        undo.register(ImportKind.SALES, sales_undoer)
        undo.refuse_where(ImportKind.PRODUCTS, products_dependents)
        undo.refuse_where(ImportKind.SALES, receipts_replaced_later)
        undo.refuse_where(ImportKind.STORES, store_hours_dependents)
        register_receipts(Receipt, ReceiptHistory)
        register_derived(ChangedMember)
        barcodes = ("barcode", "pack_barcode", "carton_barcode")
        looks.register_known(barcodes, gettext_lazy("the values are barcodes we know"), barcodes_known)
        register(ImportKind.STOCK, Importer(STOCK, merge_stock, STOCK_EXAMPLES))
        register(ImportKind.SUPPLY, Importer(SUPPLY, merge_supply, SUPPLY_EXAMPLES))
        register(ImportKind.LOSS, Importer(LOSS, merge_loss, LOSS_EXAMPLES))
        checking.register(ImportKind.STOCK, preview_stock)
        checking.register(ImportKind.SUPPLY, preview_goods)
        checking.register(ImportKind.LOSS, preview_goods)
        undo.register(ImportKind.STOCK, stock_undoer)
        undo.refuse_where(ImportKind.STOCK, stock_replaced_later)
        for kind in (ImportKind.SUPPLY, ImportKind.LOSS):
            undo.register(kind, documents_undoer)
            undo.refuse_where(kind, documents_replaced_later)
        for builtin in BUILTINS:
            register_builtin(builtin)
        # The sums of store days count members, and a receipt that is corrected is found by its number.
        for model in (Receipt, ReceiptHistory, ReceiptLine, ReceiptLineHistory):
            keep_without_person(model)
