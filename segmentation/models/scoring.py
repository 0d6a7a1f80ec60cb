"""How members are scored, and what the company calls the groups."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from organization.models import Staff
from segmentation.analytics.rfm import DEFAULT_GRID, Breaks


def default_breaks() -> dict[str, list[int]]:
    return {"r": [7, 30, 60, 90], "f": [2, 4, 8, 16], "m": [10_000, 30_000, 80_000, 200_000]}


def default_grid() -> list[list[str]]:
    return [list(row) for row in DEFAULT_GRID]


class RfmSettings(models.Model):
    """One version of how members are scored. Rows are only added; the last one counts, else the defaults."""

    class Mode(models.TextChoices):
        QUANTILE = "quantile", _("By fifths of all members")
        PEERS = "peers", _("By fifths of the members of the same region or store")
        FIXED = "fixed", _("By fixed break points")

    class Peers(models.TextChoices):
        REGION = "region", _("Region")
        STORE = "store", _("Home store")

    SHORTEST, LONGEST = 30, 1_830

    mode = models.CharField(_("Mode"), max_length=8, choices=Mode, default=Mode.QUANTILE)
    # Asked only where members are compared with their peers, and kept for when they are again.
    peers = models.CharField(_("Compared within"), max_length=6, choices=Peers, default=Peers.REGION)
    window_days = models.PositiveSmallIntegerField(_("Days looked at"), default=365)
    # Rising, four each: days of silence, receipts, and hundredths of money. Used by fixed break points.
    breaks = models.JSONField(_("Break points"), default=default_breaks)
    # Segment codes; a row for each recency score from 1 up, a column for each frequency score.
    grid = models.JSONField(_("Segment of each cell"), default=default_grid)
    changed_by = models.ForeignKey(Staff, models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(window_days__gte=30, window_days__lte=1_830), name="rfm_window_days"
            ),
            models.CheckConstraint(
                condition=models.Q(mode__in=["quantile", "peers", "fixed"], peers__in=["region", "store"]),
                name="rfm_mode_known",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def break_points(self) -> Breaks | None:
        return Breaks(**self.breaks) if self.mode == self.Mode.FIXED else None

    @property
    def compares_regions(self) -> bool:
        return self.mode == self.Mode.PEERS and self.peers == self.Peers.REGION


class GroupName(models.Model):
    """What the company calls a segment, or one of the eight value classes such as 101; empty: as ever."""

    code = models.CharField(max_length=16, primary_key=True)
    zh = models.CharField(max_length=40, blank=True)
    en = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return self.code
