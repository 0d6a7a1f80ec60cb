"""What pages read: sums per store, and the clusters."""

from django.db import models

from organization.models import Store
from organization.querysets import closed
from segmentation.models.nights import NightlyRun
from segmentation.querysets import StoreTotalQuerySet


class SegmentTotal(models.Model):
    """Members and their spend per day × home store × segment."""

    day = models.DateField()
    store = models.ForeignKey(Store, models.CASCADE)
    segment = models.CharField(max_length=16)
    members = models.IntegerField()
    spend = models.DecimalField(max_digits=16, decimal_places=2)

    unscoped = StoreTotalQuerySet.as_manager()
    objects = closed(StoreTotalQuerySet)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "store", "segment"], name="segment_total_unique")
        ]


class CellTotal(models.Model):
    """Members per R×F cell and home store, of the latest published night only."""

    store = models.ForeignKey(Store, models.CASCADE)
    r = models.SmallIntegerField()
    f = models.SmallIntegerField()
    members = models.IntegerField()

    unscoped = StoreTotalQuerySet.as_manager()
    objects = closed(StoreTotalQuerySet)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "r", "f"], name="cell_total_unique")]


class ClusterModelRow(models.Model):
    """A fitted model with everything needed to assign members again and to explain itself."""

    run = models.OneToOneField(NightlyRun, models.CASCADE, related_name="cluster_model")
    model = models.JSONField()
    # The business day of the night that fitted it; later nights only assign with it.
    fitted_on = models.DateField()
    # Per cluster: share of members, z-score profile, the facts that set it apart.
    clusters = models.JSONField(default=list)
    # Names a marketer wrote over the ones made from the facts: {"0": "…"}.
    names = models.JSONField(default=dict)


class ClusterTotal(models.Model):
    """Members and spend per cluster and home store, of the latest published night only."""

    store = models.ForeignKey(Store, models.CASCADE)
    cluster = models.SmallIntegerField()
    members = models.IntegerField()
    spend = models.DecimalField(max_digits=16, decimal_places=2)

    unscoped = StoreTotalQuerySet.as_manager()
    objects = closed(StoreTotalQuerySet)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "cluster"], name="cluster_total_unique")]
