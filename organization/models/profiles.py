"""How the files of a source are read where their columns are not named as ours."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from organization.models.imports import ImportKind, Source
from organization.querysets import AdminQuerySet, closed


class Resend(models.TextChoices):
    """What a receipt that comes again is."""

    REPLACE = "replace", _("the whole receipt: it replaces the earlier one")
    MERGE_LINES = "merge_lines", _("some of its lines: they are put beside the earlier ones")


class Numbering(models.TextChoices):
    """When a till begins again with receipt number 1."""

    NEVER = "never", _("never: a number comes once in a store")
    YEARLY = "yearly", _("every year")
    DAILY = "daily", _("every day")


class SourceProfile(models.Model):
    """One way in which a source writes files of a kind.

    Either `builtin` names a shape that every installation has, or `mapping` says which column of the
    file is which of ours (organization/imports/mapping.py). Titles are kept, values never.
    """

    source = models.ForeignKey(Source, models.CASCADE, related_name="profiles")
    kind = models.CharField(_("kind"), max_length=10, choices=ImportKind)
    name = models.CharField(_("name"), max_length=60)
    builtin = models.CharField(max_length=40, blank=True)
    mapping = models.JSONField(default=dict, blank=True)
    header = models.JSONField(default=list)
    fingerprint = models.CharField(max_length=600)
    resend = models.CharField(max_length=12, choices=Resend, default=Resend.REPLACE)
    numbering = models.CharField(max_length=10, choices=Numbering, default=Numbering.NEVER)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    unscoped = AdminQuerySet.as_manager()
    objects = closed(AdminQuerySet)

    class Meta:
        verbose_name = _("profile of a source")
        verbose_name_plural = _("profiles of sources")
        ordering = ["kind", "source__name", "name"]
        constraints = [models.UniqueConstraint(fields=["source", "kind", "name"], name="profile_name_once")]

    def __str__(self) -> str:
        return self.name
