"""The nightly run and what it publishes: facts, scores, clusters, moves and sizes."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from members.models import Member
from members.querysets import OfMemberQuerySet
from organization.models import Job, Staff, Store
from organization.querysets import closed
from segmentation.analytics.rfm import DEFAULT_GRID, Breaks
from segmentation.querysets import ChangeQuerySet, StoreTotalQuerySet


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


class NightlyRun(models.Model):
    """One night, keyed by the business day it is as of. Readers see the latest published one."""

    as_of = models.DateField(unique=True)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    # How its members were scored, and over how many days; of a night made again, those of the first
    # until the second is published. Null: by the defaults.
    settings = models.ForeignKey(RfmSettings, models.PROTECT, null=True, related_name="+")
    window_days = models.PositiveSmallIntegerField(default=365)
    started_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True)
    # Imports finished before this moment are in the published store days.
    imports_until = models.DateTimeField(null=True)
    members_scored = models.IntegerField(default=0)
    # Members per score: {"r": [n1..n5], "f": …, "m": …}; an empty score is shown as such.
    score_shares = models.JSONField(default=dict)
    # What its facts were read from, so that the next night knows what came after; see touched.py.
    seen = models.JSONField(default=dict)
    # Asked for: the facts of all members from all receipts, whatever the last night says.
    is_full = models.BooleanField(default=False)
    # Members whose facts were worked out anew; null where those of all were.
    touched = models.IntegerField(null=True)

    class Meta:
        verbose_name = _("night")
        verbose_name_plural = _("nights")
        ordering = ["-as_of"]

    def __str__(self) -> str:
        return str(self.as_of)

    @property
    def scoring(self) -> RfmSettings:
        return self.settings or RfmSettings()


class StageName(models.TextChoices):
    FACTS = "facts", _("Member facts")
    SCORES = "scores", _("Scores and clusters")
    TOTALS = "totals", _("Totals and moves")
    PUBLISH = "publish", _("Publish")


class NightlyStage(models.Model):
    class Status(models.TextChoices):
        STARTED = "started", _("Running")
        DONE = "done", _("Done")

    run = models.ForeignKey(NightlyRun, models.CASCADE, related_name="stages")
    name = models.CharField(max_length=10, choices=StageName)
    status = models.CharField(max_length=8, choices=Status)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    rows = models.IntegerField(default=0)
    # What the stage found that is no row of a table; nobody sees it before the night is published.
    result = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("stage of a night")
        verbose_name_plural = _("stages of nights")
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="stage_once_per_run")]

    def __str__(self) -> str:
        return f"{self.run} {self.get_name_display()}"

    @property
    def seconds(self) -> float | None:
        return (self.finished_at - self.started_at).total_seconds() if self.finished_at else None


class RankFields(models.Model):
    """What a night says of a member among the others."""

    # Null outside the population: no receipt in the window.
    r = models.SmallIntegerField(null=True)
    f = models.SmallIntegerField(null=True)
    m = models.SmallIntegerField(null=True)
    segment = models.CharField(max_length=16, null=True)
    value_class = models.CharField(max_length=3, null=True)
    cluster = models.SmallIntegerField(null=True)

    class Meta:
        abstract = True


class FactFields(models.Model):
    """What a night says of one member alone. Ratios are null where they have no denominator."""

    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    lifetime_receipts = models.IntegerField()
    lifetime_spend = models.DecimalField(max_digits=14, decimal_places=2)
    receipts = models.IntegerField()
    spend = models.DecimalField(max_digits=14, decimal_places=2)
    purchase_days = models.IntegerField()
    mean_ticket = models.FloatField(null=True)
    gap_mean = models.FloatField(null=True)
    gap_cv = models.FloatField(null=True)
    packs = models.IntegerField()
    carton_share = models.FloatField(null=True)
    price_per_pack = models.FloatField(null=True)
    class1 = models.FloatField(null=True)
    class2 = models.FloatField(null=True)
    class3 = models.FloatField(null=True)
    class4 = models.FloatField(null=True)
    class5 = models.FloatField(null=True)
    slim_share = models.FloatField(null=True)
    brand_entropy = models.FloatField(null=True)
    top_brand = models.IntegerField(null=True)
    discount_share = models.FloatField(null=True)
    online_share = models.FloatField(null=True)
    weekend_share = models.FloatField(null=True)
    evening_share = models.FloatField(null=True)
    stores = models.IntegerField()

    class Meta:
        abstract = True


class MemberScore(FactFields, RankFields):
    """The published row of a member."""

    member = models.OneToOneField(Member, models.CASCADE, primary_key=True, related_name="score")

    unscoped = OfMemberQuerySet.as_manager()
    objects = closed(OfMemberQuerySet)

    class Meta:
        indexes = [models.Index(fields=["segment"])]


class PendingFacts(FactFields):
    """Facts worked out by a run that is not published yet; pruned when it is."""

    pk = models.CompositePrimaryKey("run", "member")
    run = models.ForeignKey(NightlyRun, models.CASCADE, db_constraint=False, db_index=False)
    member = models.ForeignKey(Member, models.CASCADE, db_constraint=False, db_index=False)
    # Null where nobody bought in the window: at home is then where the member enrolled.
    home_store = models.ForeignKey(Store, models.DO_NOTHING, db_constraint=False, db_index=False, null=True)

    unscoped = OfMemberQuerySet.as_manager()
    objects = closed(OfMemberQuerySet)


class PendingRank(RankFields):
    """Scores and cluster by such a run: of everybody it looked at, and of others whose scores change."""

    pk = models.CompositePrimaryKey("run", "member")
    run = models.ForeignKey(NightlyRun, models.CASCADE, db_constraint=False, db_index=False)
    member = models.ForeignKey(Member, models.CASCADE, db_constraint=False, db_index=False)

    unscoped = OfMemberQuerySet.as_manager()
    objects = closed(OfMemberQuerySet)


class TouchedMember(models.Model):
    """A member whose facts a run works out anew; whoever has no pending row then has no receipts."""

    pk = models.CompositePrimaryKey("run", "member")
    run = models.ForeignKey(NightlyRun, models.CASCADE, db_constraint=False, db_index=False)
    member = models.ForeignKey(Member, models.CASCADE, db_constraint=False, db_index=False)
    # Something changed before the window of the night before, so all of the member's receipts are read.
    is_deep = models.BooleanField()

    unscoped = OfMemberQuerySet.as_manager()
    objects = closed(OfMemberQuerySet)


class NightlyShard(models.Model):
    """Some members of a run, between two ids, whose facts one process works out at a time."""

    run = models.ForeignKey(NightlyRun, models.CASCADE, db_index=False, related_name="shards")
    number = models.SmallIntegerField()
    # Members above the first id, up to the last.
    above = models.BigIntegerField()
    last = models.BigIntegerField()
    # The view of the database that all shards are read from; gone with the process that holds it.
    snapshot = models.CharField(max_length=40)
    # That of the night being made, which its run shows only once it is published.
    window_days = models.PositiveSmallIntegerField()
    claimed_at = models.DateTimeField(null=True)
    is_done = models.BooleanField(default=False)
    rows = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="shard_once_per_run")]


class ScoreChange(models.Model):
    """A dated change of a member's segment or scores. The history is these rows, not nightly copies.

    Who is in no segment has null in all four: no receipt in the window, or none yet. Rows without
    old_r and new_r but with segments are of nights from before scores were kept.
    """

    member = models.ForeignKey(Member, models.CASCADE, db_index=False)
    day = models.DateField()
    old = models.CharField(max_length=16, null=True)
    new = models.CharField(max_length=16, null=True)
    old_r = models.SmallIntegerField(null=True)
    old_f = models.SmallIntegerField(null=True)
    old_m = models.SmallIntegerField(null=True)
    new_r = models.SmallIntegerField(null=True)
    new_f = models.SmallIntegerField(null=True)
    new_m = models.SmallIntegerField(null=True)
    # What the new scores rest on, as that night published it; null where the member has no receipt left.
    last_day = models.DateField(null=True)
    receipts = models.IntegerField(null=True)
    spend = models.DecimalField(max_digits=14, decimal_places=2, null=True)

    unscoped = ChangeQuerySet.as_manager()
    objects = closed(ChangeQuerySet)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "day"], name="one_change_a_day")]
        indexes = [
            models.Index(fields=["day"], name="score_change_day"),
        ]


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


class ScoreCheck(models.Model):
    """A comparison of published rows with what all receipts of their members say; see selfcheck.py."""

    # The night whose rows were looked at; it may have been made again since.
    as_of = models.DateField()
    at = models.DateTimeField(auto_now_add=True)
    # Members whose facts were worked out from all receipts, and members whose scores were.
    members = models.IntegerField()
    scored = models.IntegerField()
    # Of the members drawn, those left out because their receipts have changed since the night.
    changed_since = models.IntegerField(default=0)
    # All that were found; of many only the first are kept as rows.
    difference_count = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.as_of} {self.at:%Y-%m-%d}"


class ScoreDifference(models.Model):
    """One field of one member that is published otherwise than the receipts say; null where there is none."""

    check_of = models.ForeignKey(ScoreCheck, models.CASCADE, related_name="differences")
    member = models.ForeignKey(Member, models.CASCADE)
    field = models.CharField(max_length=20)
    published = models.CharField(max_length=40, null=True)
    found = models.CharField(max_length=40, null=True)

    unscoped = OfMemberQuerySet.as_manager()
    objects = closed(OfMemberQuerySet)
