"""What a night publishes of each member, what waits to be published, and what changed when."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from members.models import Member
from members.querysets import OfMemberQuerySet
from organization.models import Store
from organization.querysets import closed
from segmentation.models.nights import NightlyRun
from segmentation.querysets import ChangeQuerySet


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
    # Null where nobody bought in the window: at home is then where the member enrolled.
    home_store = models.ForeignKey(
        Store, models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+"
    )

    class Meta:
        abstract = True


class MemberScore(FactFields, RankFields):
    """The published row of a member. What all are read for comes first in it; see the migrations."""

    member = models.OneToOneField(Member, models.CASCADE, primary_key=True, related_name="score")

    unscoped = OfMemberQuerySet.as_manager()
    objects = closed(OfMemberQuerySet)


class PendingFacts(FactFields):
    """Facts that a run not published yet will change; pruned when it is. No index: see migration 9."""

    pk = models.CompositePrimaryKey("run", "member")
    run = models.ForeignKey(NightlyRun, models.CASCADE, db_constraint=False, db_index=False)
    member = models.ForeignKey(Member, models.CASCADE, db_constraint=False, db_index=False)

    unscoped = OfMemberQuerySet.as_manager()
    objects = closed(OfMemberQuerySet)


class PendingRank(RankFields):
    """Scores and cluster by such a run: of members with such facts, and of others whose scores change.

    No index, as for the facts.
    """

    pk = models.CompositePrimaryKey("run", "member")
    run = models.ForeignKey(NightlyRun, models.CASCADE, db_constraint=False, db_index=False)
    member = models.ForeignKey(Member, models.CASCADE, db_constraint=False, db_index=False)

    unscoped = OfMemberQuerySet.as_manager()
    objects = closed(OfMemberQuerySet)


class TouchedMember(models.Model):
    """A member whose facts a run works out anew or, of a run that reads everybody, finds published otherwise.

    Whoever has no pending row then has no receipts. No index, as for the facts.
    """

    pk = models.CompositePrimaryKey("run", "member")
    run = models.ForeignKey(NightlyRun, models.CASCADE, db_constraint=False, db_index=False)
    member = models.ForeignKey(Member, models.CASCADE, db_constraint=False, db_index=False)
    # Something changed before the window of the night before, so all of the member's receipts are read.
    is_deep = models.BooleanField()

    unscoped = OfMemberQuerySet.as_manager()
    objects = closed(OfMemberQuerySet)


class ScoreChange(models.Model):
    """A dated change of a member's segment or scores. The history is these rows, not nightly copies.

    Who is in no segment has null in all four: no receipt in the window, or none yet. Rows without
    old_r and new_r but with segments are of nights from before scores were kept.
    """

    # A night writes some ten thousand; to prove each of them takes longer. Who erases keeps nights out.
    member = models.ForeignKey(Member, models.CASCADE, db_constraint=False, db_index=False)
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
            # Rows come night by night.
            BrinIndex(fields=["day"], autosummarize=True, name="score_change_day"),
        ]
