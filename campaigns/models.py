"""Campaigns: who was chosen, who was kept out and why, what was sent, what it changed."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.querysets import ArmTotalQuerySet, AssignmentQuerySet, CampaignQuerySet, RemovalQuerySet
from members.models import Channel, Member
from members.querysets import OfMemberQuerySet
from organization.models import Staff, Store
from organization.querysets import closed


class Campaign(models.Model):
    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        RUNNING = "running", _("Running")
        FINISHED = "finished", _("Finished")

    name = models.CharField(_("name"), max_length=120)
    segment = models.CharField(_("segment"), max_length=16, blank=True)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    offer = models.CharField(_("offer"), max_length=300)
    message_cost = models.DecimalField(_("cost per message"), max_digits=8, decimal_places=2, default=0)
    fixed_cost = models.DecimalField(_("fixed cost"), max_digits=10, decimal_places=2, default=0)
    margin = models.DecimalField(_("margin"), max_digits=4, decimal_places=3, null=True)
    horizon_days = models.PositiveSmallIntegerField(_("horizon"), default=21)
    # 0 for an imported campaign: nobody was held out, so no effect can be told.
    holdout_share = models.DecimalField(_("hold-out share"), max_digits=4, decimal_places=3, default=0)
    status = models.CharField(max_length=8, choices=Status, default=Status.DRAFT)
    salt = models.CharField(max_length=32)
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    scores_as_of = models.DateField(null=True)  # the night whose segments chose the audience
    rules_version = models.CharField(max_length=20, blank=True)  # the policy in force at the start
    created_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    # The stores whose members it is for: those its maker saw when it started.
    stores = models.ManyToManyField(Store, related_name="+")

    unscoped = CampaignQuerySet.as_manager()
    objects = closed(CampaignQuerySet)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(holdout_share__gte=0, holdout_share__lt=1), name="holdout_share_is_share"
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(starts_on__isnull=False, ends_on__isnull=False),
                name="started_has_days",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_control(self) -> bool:
        return self.holdout_share > 0


class Removal(models.Model):
    """How many of the segment policy kept out, by home store and the first rule that applied."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="removals")
    store = models.ForeignKey(Store, models.CASCADE)
    reason = models.CharField(max_length=20)
    members = models.IntegerField()

    unscoped = RemovalQuerySet.as_manager()
    objects = closed(RemovalQuerySet)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "store", "reason"], name="removal_once")]


class Assignment(models.Model):
    """Frozen before the first message: treated or held out."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="assignments")
    member = models.ForeignKey(Member, models.CASCADE, related_name="+")
    bucket = models.SmallIntegerField()
    treated = models.BooleanField()
    home_store = models.ForeignKey(Store, models.PROTECT, related_name="+")

    unscoped = AssignmentQuerySet.as_manager()
    objects = closed(AssignmentQuerySet)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "member"], name="assigned_once")]


class Message(models.Model):
    """A message to one treated member, in the sandbox gateway's keeping."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        REFUSED = "refused", _("Refused by policy")

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="messages")
    member = models.ForeignKey(Member, models.CASCADE, related_name="+")
    channel = models.CharField(max_length=8, choices=Channel)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    body = models.CharField(max_length=500)
    reason = models.CharField(max_length=20, blank=True)
    sent_at = models.DateTimeField(null=True)

    unscoped = OfMemberQuerySet.as_manager()
    objects = closed(OfMemberQuerySet)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "member"], name="one_message_each")]
        indexes = [
            models.Index(fields=["status"], condition=Q(status="pending"), name="message_pending"),
            models.Index(fields=["member", "sent_at"]),
        ]


class Redemption(models.Model):
    """A coupon of an imported campaign that a member used."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="redemptions")
    member = models.ForeignKey(Member, models.CASCADE, related_name="+")
    coupon = models.CharField(max_length=40)
    day = models.DateField()

    unscoped = OfMemberQuerySet.as_manager()
    objects = closed(OfMemberQuerySet)

    class Meta:
        indexes = [models.Index(fields=["campaign", "day"])]


class ArmTotal(models.Model):
    """Sums of one arm: enough for every estimate and interval, and additive over stores.

    `store` null: all receipts. Else: members with that home store, their receipts there only.
    Money in cents. y: spend in the window; x: the same member's spend before the start.
    `attributed`: sales that go with the campaign without being caused by it: of the members who got
    the message and bought or, for an imported campaign, on the days coupons were redeemed.
    `goods_sales`, `goods_cost`: of the lines in the window whose buy price is known; one over the
    other gives the margin.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="arm_totals")
    store = models.ForeignKey(Store, models.CASCADE, null=True)
    treated = models.BooleanField()
    n = models.IntegerField()
    buyers = models.IntegerField()
    sum_y = models.DecimalField(max_digits=30, decimal_places=0)
    sum_yy = models.DecimalField(max_digits=40, decimal_places=0)
    sum_x = models.DecimalField(max_digits=30, decimal_places=0)
    sum_xx = models.DecimalField(max_digits=40, decimal_places=0)
    sum_xy = models.DecimalField(max_digits=40, decimal_places=0)
    attributed = models.DecimalField(max_digits=30, decimal_places=0, default=0)
    goods_sales = models.DecimalField(max_digits=30, decimal_places=0, default=0)
    goods_cost = models.DecimalField(max_digits=30, decimal_places=0, default=0)

    unscoped = ArmTotalQuerySet.as_manager()
    objects = closed(ArmTotalQuerySet)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "store", "treated"], name="arm_total_unique", nulls_distinct=False
            )
        ]


class CampaignResult(models.Model):
    """When and from which receipts the arm totals were last computed."""

    campaign = models.OneToOneField(Campaign, models.CASCADE, related_name="result")
    as_of = models.DateField()
    # Company-wide: what a member of each arm has spent, in cents, since the day before the start
    # (negative: until it): [{"day": -28, "treated": mean, "held": mean, "se": of the gap}, …]
    daily = models.JSONField(default=list)
