"""Files taken in, and the rows of them that were set aside."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from organization.crypto import EncryptedTextField
from organization.models.jobs import Job
from organization.models.staff import Staff
from organization.models.stores import Store
from organization.querysets import AdminQuerySet, closed


class Source(models.Model):
    """A system that sends files. A receipt number is unique within a store and a source."""

    id = models.SmallAutoField(primary_key=True)
    name = models.CharField(max_length=60, unique=True)

    class Meta:
        verbose_name = _("source of files")
        verbose_name_plural = _("sources of files")

    def __str__(self) -> str:
        return self.name


class ImportKind(models.TextChoices):
    STORES = "stores", _("Stores")
    PRODUCTS = "products", _("Products")
    MEMBERS = "members", _("Members")
    SALES = "sales", _("Sales")
    STAFF = "staff", _("Staff accounts")
    STOCK = "stock", _("Day-end stock")
    SUPPLY = "supply", _("Goods in and returns")
    LOSS = "loss", _("Losses and overages")


class Import(models.Model):
    """One file taken in. Every row read is in exactly one of the five counts."""

    kind = models.CharField(_("kind"), max_length=10, choices=ImportKind)
    source = models.ForeignKey(Source, models.PROTECT)
    file_name = models.CharField(max_length=200)
    path = models.CharField(max_length=300)
    # Whose the rows are that do not say so themselves.
    store = models.ForeignKey(Store, models.SET_NULL, null=True, related_name="+")
    job = models.OneToOneField(Job, models.SET_NULL, null=True, related_name="+")
    asked_by = models.ForeignKey(Staff, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    # When the file and the rows set aside were deleted; counts and receipts stay.
    forgotten_at = models.DateTimeField(null=True)
    # A check tells what an import would do; whoever asked for it then imports or discards.
    checked_at = models.DateTimeField(null=True)
    report = EncryptedTextField(null=True)
    discarded_at = models.DateTimeField(null=True)
    # What was there before is on record, so that it can be undone.
    is_journaled = models.BooleanField(default=False, db_default=False)
    undo_job = models.OneToOneField(Job, models.SET_NULL, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(Staff, models.SET_NULL, null=True, related_name="+")
    # What stands between the file and our columns: "" until somebody or the file's header says, `names`
    # for our own names, `mapping` for the rules in `mapping`, else a built-in shape. The rules are a
    # copy: a profile that is changed later says nothing of files read before.
    shape = models.CharField(max_length=40, blank=True)
    mapping = models.JSONField(null=True)
    profile = models.ForeignKey(
        "organization.SourceProfile", models.SET_NULL, null=True, related_name="imports"
    )
    # Its columns were not understood; the first rows as sent, for the page that asks, until it is read.
    needs_mapping = models.BooleanField(default=False)
    sample = EncryptedTextField(null=True)
    # The import whose rows set aside come again here; the rows these stand for, each as import and row;
    # and how many of them were fetched so that receipts are whole.
    corrects = models.ForeignKey("self", models.SET_NULL, null=True, related_name="corrections")
    corrected_rows = models.JSONField(default=list)
    fetched = models.IntegerField(null=True)
    # How the file was read: encoding, columns and what they became, columns not used.
    reading = models.JSONField(default=dict)
    read = models.IntegerField(default=0)
    added = models.IntegerField(default=0)
    updated = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    ignored = models.IntegerField(default=0)
    quarantined = models.IntegerField(default=0)
    # What was made on the way: receipts, members, products.
    made = models.JSONField(default=dict)
    amount_read = models.DecimalField(max_digits=16, decimal_places=2, null=True)
    amount_stored = models.DecimalField(max_digits=16, decimal_places=2, null=True)
    amount_quarantined = models.DecimalField(max_digits=16, decimal_places=2, null=True)
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)

    unscoped = AdminQuerySet.as_manager()
    objects = closed(AdminQuerySet)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    read=F("added") + F("updated") + F("unchanged") + F("ignored") + F("quarantined")
                ),
                name="import_counts_reconcile",
            )
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def came_in(self) -> int:
        """Rows that are stored, by this import or before."""
        return self.added + self.updated + self.unchanged

    @property
    def takes_columns(self) -> bool:
        """Nothing of it is in, nobody works on it, and its rows are not those of another file."""
        is_open = self.job is not None and self.job.is_open
        return not (is_open or self.finished_at or self.discarded_at or self.corrects_id)

    @property
    def asks_for_columns(self) -> bool:
        """Nothing can be read before somebody says which column is which."""
        return self.needs_mapping and self.takes_columns

    @property
    def is_waiting(self) -> bool:
        """Checked, and neither imported nor discarded yet."""
        is_open = self.job is not None and self.job.is_open
        return bool(self.checked_at and not self.finished_at and not self.discarded_at and not is_open)

    @property
    def is_being_undone(self) -> bool:
        return self.undo_job is not None and self.undo_job.is_open and not self.undone_at


class ImportRest(models.Model):
    """How many rows of an import changed nothing because an earlier one had brought the same."""

    source_import = models.ForeignKey(Import, models.CASCADE, related_name="rests")
    on = models.ForeignKey(Import, models.CASCADE, related_name="borne")
    rows = models.IntegerField()

    unscoped = AdminQuerySet.as_manager()
    objects = closed(AdminQuerySet)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source_import", "on"], name="import_rest_once")]


class RowBefore(models.Model):
    """A row of a store, region, product or barcode before and after an import.

    `before` null: the import made it; `after` null: it gave way. Nothing personal is in here.
    """

    changed_by = models.ForeignKey(Import, models.CASCADE, related_name="+")
    table = models.CharField(max_length=60)
    row = models.CharField(max_length=40)
    before = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(null=True, encoder=DjangoJSONEncoder)

    unscoped = AdminQuerySet.as_manager()
    objects = closed(AdminQuerySet)

    class Meta:
        indexes = [models.Index(fields=["table", "row"], name="row_before_row")]


class QuarantinedRow(models.Model):
    """A row set aside: where it stood, which value was wrong and why. Sealed: it may hold a phone."""

    source_import = models.ForeignKey(Import, models.CASCADE, related_name="quarantine")
    row = models.IntegerField()
    column = models.CharField(max_length=80)
    value = EncryptedTextField()
    reason = models.CharField(max_length=300)
    raw = EncryptedTextField()
    # The import that took the row in again, or set it aside there.
    taken_by = models.ForeignKey(Import, models.SET_NULL, null=True, related_name="+")

    unscoped = AdminQuerySet.as_manager()
    objects = closed(AdminQuerySet)

    class Meta:
        indexes = [models.Index(fields=["source_import", "row"])]
