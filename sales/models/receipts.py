"""Products, receipts and their lines, daily totals.

Facts have no foreign keys in the database (`db_constraint=False`): they cost more than the whole
COPY, and the merge proves the references instead. See docs/decisions/0003-facts.md.
"""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from members.models import Member
from members.querysets import OfMemberQuerySet
from organization.models import Import, Source, Store
from organization.querysets import AdminQuerySet, closed
from sales.querysets import StoreDayQuerySet


class Brand(models.Model):
    name = models.CharField(max_length=80, unique=True)


class Format(models.TextChoices):
    REGULAR = "regular", _("regular")
    MID = "mid", _("mid")
    SLIM = "slim", _("slim")
    ODD = "odd", _("odd-shaped pack")


class Product(models.Model):
    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    brand = models.ForeignKey(Brand, models.PROTECT, null=True)
    manufacturer = models.CharField(_("manufacturer"), max_length=80, blank=True)
    category = models.CharField(_("category"), max_length=60, blank=True)
    is_tobacco = models.BooleanField(_("tobacco"), default=False)
    price_class = models.PositiveSmallIntegerField(_("price class"), null=True)
    format = models.CharField(_("format"), max_length=8, choices=Format, blank=True)
    capsule = models.BooleanField(_("capsule"), default=False)
    tar = models.DecimalField(_("tar, mg"), max_digits=4, decimal_places=1, null=True)
    packs_per_carton = models.PositiveSmallIntegerField(_("packs per carton"), default=10)
    retail_price = models.DecimalField(_("retail price"), max_digits=10, decimal_places=2, null=True)
    buy_price = models.DecimalField(_("buy price"), max_digits=10, decimal_places=2, null=True)
    # False for a product that so far is only a barcode on a receipt.
    is_matched = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(price_class__isnull=True) | Q(price_class__range=(1, 5)),
                name="price_class_1_to_5",
            )
        ]


class ProductBarcode(models.Model):
    """Pack and carton of one product have a barcode each."""

    barcode = models.CharField(max_length=20, primary_key=True)
    product = models.ForeignKey(Product, models.CASCADE, related_name="barcodes")
    is_carton = models.BooleanField(default=False)


class SaleChannel(models.IntegerChoices):
    COUNTER = 1, _("counter")
    ONLINE = 2, _("online")
    GROUP = 3, _("group order")
    DELIVERY = 4, _("delivery")
    DISTRIBUTION = 5, _("distribution")


class ReceiptFields(models.Model):
    """The columns a receipt and its kept old versions share."""

    store = models.ForeignKey(Store, models.DO_NOTHING, db_constraint=False, db_index=False)
    source = models.ForeignKey(Source, models.DO_NOTHING, db_constraint=False, db_index=False)
    number = models.CharField(max_length=40, db_collation="C")
    # Rises when a source uses a number again, so that old and new are two receipts.
    epoch = models.SmallIntegerField(default=0)
    member = models.ForeignKey(Member, models.DO_NOTHING, db_constraint=False, db_index=False, null=True)
    business_day = models.DateField()
    moment = models.DateTimeField()
    minute = models.SmallIntegerField()  # of the store's local day, 0 to 1439
    till = models.CharField(max_length=20)
    clerk = models.CharField(max_length=20)
    channel = models.SmallIntegerField(choices=SaleChannel)
    tender = models.CharField(max_length=40)  # of several the largest part first: wechat+points
    is_return = models.BooleanField()
    total = models.DecimalField(max_digits=12, decimal_places=2)
    original_number = models.CharField(max_length=40, blank=True)
    # What later returns took back; a receipt returned in full is no visit any more.
    returned = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    content = models.BigIntegerField()  # hash of everything sent: equal means unchanged
    imported_by = models.ForeignKey(Import, models.DO_NOTHING, db_constraint=False, db_index=False)

    class Meta:
        abstract = True


class Receipt(ReceiptFields):
    unscoped = StoreDayQuerySet.as_manager()
    objects = closed(StoreDayQuerySet)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "number", "source", "epoch"], name="receipt_natural_key")
        ]
        indexes = [
            models.Index(
                fields=["member", "business_day"],
                name="receipt_member_day",
                condition=Q(member__isnull=False),
            ),
            # Of some days, among those of years: rows mostly come in the order of days.
            BrinIndex(fields=["business_day"], name="receipt_day", autosummarize=True),
            models.Index(fields=["store", "business_day"], name="receipt_store_day"),
            models.Index(
                fields=["store", "original_number"], name="receipt_original", condition=Q(is_return=True)
            ),
        ]


class ReceiptHistory(ReceiptFields):
    """A version of a receipt that a later import replaced."""

    receipt_id = models.BigIntegerField()
    replaced_by = models.ForeignKey(Import, models.DO_NOTHING, db_constraint=False, related_name="+")

    unscoped = StoreDayQuerySet.as_manager()
    objects = closed(StoreDayQuerySet)

    class Meta:
        indexes = [models.Index(fields=["replaced_by"])]


class LineFields(models.Model):
    line_number = models.IntegerField()
    store = models.ForeignKey(Store, models.DO_NOTHING, db_constraint=False, db_index=False)
    member = models.ForeignKey(Member, models.DO_NOTHING, db_constraint=False, db_index=False, null=True)
    business_day = models.DateField()
    product = models.ForeignKey(Product, models.DO_NOTHING, db_constraint=False, db_index=False)
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    packs = models.IntegerField()  # tobacco in packs; 0 for other goods
    is_carton = models.BooleanField()
    amount = models.DecimalField(max_digits=12, decimal_places=2)  # net: what was paid
    discount = models.DecimalField(max_digits=12, decimal_places=2)
    # Of the discount, what is known to be given by whom.
    discount_account = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    discount_manufacturer = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    discount_coupon = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    discount_multipack = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    buy_price = models.DecimalField(max_digits=12, decimal_places=2, null=True)  # per unit sold

    class Meta:
        abstract = True


class ReceiptLine(LineFields):
    pk = models.CompositePrimaryKey("receipt", "line_number")
    receipt = models.ForeignKey(
        Receipt, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="lines"
    )

    unscoped = StoreDayQuerySet.as_manager()
    objects = closed(StoreDayQuerySet)

    class Meta:
        indexes = [
            # With all that the facts of a member are made of, so that the night reads no line itself.
            models.Index(
                fields=["member", "business_day"],
                include=["receipt", "product", "packs", "is_carton", "amount", "discount"],
                name="line_member_day",
                condition=Q(member__isnull=False),
            ),
            BrinIndex(fields=["business_day"], name="line_day", autosummarize=True),
        ]


class ReceiptLineHistory(LineFields):
    receipt_id = models.BigIntegerField()
    replaced_by = models.ForeignKey(Import, models.DO_NOTHING, db_constraint=False, related_name="+")

    unscoped = StoreDayQuerySet.as_manager()
    objects = closed(StoreDayQuerySet)


class ReceiptsChange(models.Model):
    """Receipts that changed other than by an import of them, until a published night took it up."""

    at = models.DateTimeField(auto_now_add=True)
    why = models.CharField(max_length=20)


class ChangedMember(models.Model):
    """A member whose receipts such a change touched, from this business day on."""

    change = models.ForeignKey(ReceiptsChange, models.CASCADE)
    member = models.ForeignKey(Member, models.CASCADE, db_constraint=False, db_index=False)
    first_day = models.DateField()

    unscoped = OfMemberQuerySet.as_manager()
    objects = closed(OfMemberQuerySet)


class LineBefore(models.Model):
    """Product and packs of a line before an import of products restated them.

    `kept`: the line is one of a replaced receipt, and this is its id there.
    """

    changed_by = models.ForeignKey(Import, models.CASCADE, related_name="+")
    receipt_id = models.BigIntegerField()
    line_number = models.IntegerField()
    kept = models.BigIntegerField(null=True)
    product_id = models.BigIntegerField()
    packs = models.IntegerField()
    is_carton = models.BooleanField()

    unscoped = AdminQuerySet.as_manager()
    objects = closed(AdminQuerySet)


class StoreDay(models.Model):
    """A store's day in sums; every ratio on a page is one sum divided by another."""

    store = models.ForeignKey(Store, models.CASCADE)
    day = models.DateField()
    sales = models.DecimalField(max_digits=14, decimal_places=2)
    receipts = models.IntegerField()
    packs = models.IntegerField()
    member_sales = models.DecimalField(max_digits=14, decimal_places=2)
    member_receipts = models.IntegerField()
    buyers = models.IntegerField()  # members who bought that day
    repeat_buyers = models.IntegerField()  # those of them who also bought in the 30 days before
    active_members = models.IntegerField()  # members with a receipt in the 30 days to this day

    unscoped = StoreDayQuerySet.as_manager()
    objects = closed(StoreDayQuerySet)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "day"], name="store_day_unique")]


class StoreHour(models.Model):
    """Receipts and sales of one store in one hour of one business day."""

    store = models.ForeignKey(Store, models.CASCADE)
    day = models.DateField()
    hour = models.SmallIntegerField()
    receipts = models.IntegerField()
    member_receipts = models.IntegerField()
    sales = models.DecimalField(max_digits=14, decimal_places=2)

    unscoped = StoreDayQuerySet.as_manager()
    objects = closed(StoreDayQuerySet)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "day", "hour"], name="store_hour_unique")]
