"""Stores and regions, staff and what each may see, jobs, imports, the audit trail."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from organization.crypto import EncryptedTextField
from organization.querysets import JobQuerySet, StoreQuerySet


class TwoNames(models.Model):
    """A name in Chinese and, where there is one, another for English pages."""

    name = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=80, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name_en if self.name_en and get_language() == "en" else self.name


class Region(TwoNames):
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    # Ids from the root down, as in "/1/4/": one prefix match finds everything below a region.
    path = models.CharField(max_length=200, db_index=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(F("parent"), F("name"), name="region_name_unique", nulls_distinct=False)
        ]


class Store(TwoNames):
    code = models.CharField(_("code"), max_length=40, unique=True)
    licence_number = models.CharField(_("licence number"), max_length=40, unique=True)
    region = models.ForeignKey(Region, models.PROTECT, related_name="stores")
    time_zone = models.CharField(_("time zone"), max_length=40)
    # The hour after midnight at which the business day ends: sales at 01:30 with a closing hour of
    # 2 belong to the day before.
    closing_hour = models.PositiveSmallIntegerField(_("closing hour"), default=0)
    is_active = models.BooleanField(_("active"), default=True)

    objects = StoreQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(closing_hour__lte=6), name="store_closing_hour_early")
        ]


class Role(models.TextChoices):
    MANAGER = "manager", _("Store manager")
    MARKETER = "marketer", _("Marketer")
    APPROVER = "approver", _("Approver")
    ADMIN = "admin", _("Admin")


class Staff(AbstractUser):
    """An account. A manager has stores, a marketer or approver has regions, an admin sees all."""

    role = models.CharField(_("role"), max_length=10, choices=Role)
    stores = models.ManyToManyField(Store, blank=True, related_name="staff", verbose_name=_("stores"))
    regions = models.ManyToManyField(Region, blank=True, related_name="staff", verbose_name=_("regions"))

    @property
    def sees_everything(self) -> bool:
        return self.is_active and self.role == Role.ADMIN

    @property
    def can_import(self) -> bool:
        return self.role == Role.ADMIN

    @property
    def can_market(self) -> bool:
        return self.role == Role.MARKETER

    @property
    def can_see_campaigns(self) -> bool:
        return self.role != Role.ADMIN or self.is_active


class AuditEvent(models.Model):
    """What somebody changed. Written by services in the transaction of the change itself."""

    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    code = models.CharField(max_length=60)  # namespaced, as in "campaign.started"
    object_type = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["object_type", "object_id"])]


class Job(models.Model):
    """A long piece of work: who asked, how far it is, what went wrong. See organization/jobs.py."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    kind = models.CharField(max_length=40)
    label = models.CharField(max_length=200)
    payload = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    done_parts = models.BigIntegerField(default=0)
    all_parts = models.BigIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)
    error = models.TextField(blank=True)
    log = models.TextField(blank=True)
    asked_by = models.ForeignKey(Staff, models.SET_NULL, null=True, related_name="jobs")
    # Of the page it was asked on: its sentences are for the person who asked.
    language = models.CharField(max_length=10, db_default="en")
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease = models.UUIDField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["status", "heartbeat_at"])]

    @property
    def progress_percent(self) -> int:
        if self.status == self.Status.DONE:
            return 100
        return min(99, 100 * self.done_parts // self.all_parts) if self.all_parts else 0

    @property
    def is_open(self) -> bool:
        return self.status in (self.Status.QUEUED, self.Status.RUNNING)

    @property
    def log_lines(self) -> list[str]:
        return self.log.splitlines()


class Source(models.Model):
    """A system that sends files. A receipt number is unique within a store and a source."""

    id = models.SmallAutoField(primary_key=True)
    name = models.CharField(max_length=60, unique=True)


class ImportKind(models.TextChoices):
    STORES = "stores", _("Stores")
    PRODUCTS = "products", _("Products")
    MEMBERS = "members", _("Members")
    SALES = "sales", _("Sales")


class Import(models.Model):
    """One file taken in. Every row read is in exactly one of the five counts."""

    kind = models.CharField(_("kind"), max_length=10, choices=ImportKind)
    source = models.ForeignKey(Source, models.PROTECT)
    file_name = models.CharField(max_length=200)
    path = models.CharField(max_length=300)
    job = models.OneToOneField(Job, models.SET_NULL, null=True, related_name="+")
    asked_by = models.ForeignKey(Staff, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
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

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    read=F("added") + F("updated") + F("unchanged") + F("ignored") + F("quarantined")
                ),
                name="import_counts_reconcile",
            )
        ]


class QuarantinedRow(models.Model):
    """A row set aside: where it stood, which value was wrong and why. Sealed: it may hold a phone."""

    source_import = models.ForeignKey(Import, models.CASCADE, related_name="quarantine")
    row = models.IntegerField()
    column = models.CharField(max_length=80)
    value = EncryptedTextField()
    reason = models.CharField(max_length=300)
    raw = EncryptedTextField()

    class Meta:
        indexes = [models.Index(fields=["source_import", "row"])]
