"""Goods that are there, came in, went back or were lost."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from organization.models import Import, Source, Store
from organization.querysets import closed
from sales.models.receipts import Product
from sales.querysets import StoreDayQuerySet


class StockFields(models.Model):
    """One product in a store's day-end stock: opening + received − sold + adjusted + other = closing."""

    store = models.ForeignKey(Store, models.CASCADE)
    day = models.DateField()
    product = models.ForeignKey(Product, models.CASCADE)
    opening = models.DecimalField(max_digits=12, decimal_places=3)
    received = models.DecimalField(max_digits=12, decimal_places=3)
    sold = models.DecimalField(max_digits=12, decimal_places=3)
    adjusted = models.DecimalField(max_digits=12, decimal_places=3)
    other = models.DecimalField(max_digits=12, decimal_places=3)
    closing = models.DecimalField(max_digits=12, decimal_places=3)
    imported_by = models.ForeignKey(Import, models.DO_NOTHING, db_constraint=False, related_name="+")

    class Meta:
        abstract = True


class StockDay(StockFields):
    unscoped = StoreDayQuerySet.as_manager()
    objects = closed(StoreDayQuerySet)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "day", "product"], name="stock_day_unique"),
            models.CheckConstraint(
                condition=Q(closing=F("opening") + F("received") - F("sold") + F("adjusted") + F("other")),
                name="stock_day_adds_up",
            ),
        ]


class StockDayHistory(StockFields):
    """A row of stock that a later import replaced."""

    replaced_by = models.ForeignKey(Import, models.DO_NOTHING, db_constraint=False, related_name="+")

    unscoped = StoreDayQuerySet.as_manager()
    objects = closed(StoreDayQuerySet)


class GoodsKind(models.TextChoices):
    SUPPLY = "supply", _("goods in or back to the supplier")
    LOSS = "loss", _("loss or overage")


class GoodsDocument(models.Model):
    """Goods that moved otherwise than by a sale."""

    store = models.ForeignKey(Store, models.CASCADE)
    source = models.ForeignKey(Source, models.PROTECT)
    kind = models.CharField(max_length=6, choices=GoodsKind)
    number = models.CharField(max_length=40, db_collation="C")
    day = models.DateField()
    supplier = models.CharField(max_length=60, blank=True)
    is_return = models.BooleanField(default=False)
    imported_by = models.ForeignKey(Import, models.DO_NOTHING, db_constraint=False, related_name="+")

    unscoped = StoreDayQuerySet.as_manager()
    objects = closed(StoreDayQuerySet)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "source", "kind", "number"], name="goods_document_key")
        ]


class GoodsLineQuerySet(StoreDayQuerySet):
    store_field = "document__store"


class GoodsLine(models.Model):
    """Positive where goods came in, negative where they left."""

    document = models.ForeignKey(GoodsDocument, models.CASCADE, related_name="lines")
    line_number = models.IntegerField()
    product = models.ForeignKey(Product, models.CASCADE)
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    packs = models.IntegerField()  # tobacco in packs; 0 for other goods
    price = models.DecimalField(max_digits=12, decimal_places=2, null=True)  # per unit that came in

    unscoped = GoodsLineQuerySet.as_manager()
    objects = closed(GoodsLineQuerySet)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "line_number"], name="goods_line_unique")]


class GoodsDocumentHistory(models.Model):
    """A version of a document that a later import replaced, its lines as a list."""

    document_id = models.BigIntegerField()
    store = models.ForeignKey(Store, models.CASCADE)
    day = models.DateField()
    supplier = models.CharField(max_length=60, blank=True)
    is_return = models.BooleanField(default=False)
    lines = models.JSONField(default=list)
    imported_by = models.ForeignKey(Import, models.DO_NOTHING, db_constraint=False, related_name="+")
    replaced_by = models.ForeignKey(Import, models.DO_NOTHING, db_constraint=False, related_name="+")

    unscoped = StoreDayQuerySet.as_manager()
    objects = closed(StoreDayQuerySet)
