"""Regions, which nest, and the stores in them."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from organization.querysets import StoreQuerySet, closed


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
        verbose_name = _("region")
        verbose_name_plural = _("regions")
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

    unscoped = StoreQuerySet.as_manager()
    objects = closed(StoreQuerySet)

    class Meta:
        verbose_name = _("store")
        verbose_name_plural = _("stores")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(closing_hour__lte=6), name="store_closing_hour_early")
        ]
