"""The nightly run, its stages and shards, and the checks of what it published."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from members.models import Member
from members.querysets import OfMemberQuerySet
from organization.models import Job
from organization.querysets import closed
from segmentation.models.scoring import RfmSettings


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
