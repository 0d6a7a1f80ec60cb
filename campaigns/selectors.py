"""Reads of campaigns. Who sees only some of a campaign's stores gets figures of those alone."""

from collections.abc import Collection
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from campaigns.models import ArmTotal, Assignment, Campaign, CampaignResult, Message
from campaigns.reading import Arms, Reach, Reading
from organization.models import Role, Staff, Store

SORTS = ("name", "status", "starts_on", "reached")


def campaign_list(
    *, staff: Staff, search: str = "", status: str = "", sort: str = "-starts_on"
) -> QuerySet[Any]:
    """Campaigns a person sees, with `reached`: members of the own stores in either arm."""
    own = Assignment.objects.visible_to(staff).filter(campaign=OuterRef("pk")).order_by()
    count = own.values("campaign").annotate(n=Count("pk")).values("n")
    found = Campaign.objects.visible_to(staff)
    found = found.annotate(reached=Coalesce(Subquery(count, output_field=IntegerField()), 0))
    if search:
        found = found.filter(Q(name__icontains=search) | Q(offer__icontains=search))
    if status in Campaign.Status.values:
        found = found.filter(status=status)
    key = sort if sort.removeprefix("-") in SORTS else "-starts_on"
    ordered: QuerySet[Any] = found.order_by(key, "-pk")
    return ordered


def seen_in_part(*, campaigns: Collection[Campaign], staff: Staff) -> set[int]:
    """Ids of the campaigns of which the person sees some stores only; a manager, always."""
    if staff.sees_everything:
        return set()
    if staff.role == Role.MANAGER:
        return {campaign.pk for campaign in campaigns}
    visible = Store.objects.visible_to(staff).values("pk")
    links = Campaign.stores.through.objects.filter(campaign__in=campaigns).exclude(store__in=visible)
    return set(links.values_list("campaign_id", flat=True))


def arms_of(*, campaigns: Collection[Campaign], staff: Staff) -> dict[int, Arms]:
    """Sums per campaign id: of all receipts, or of the own stores where it is seen in part."""
    part = seen_in_part(campaigns=campaigns, staff=staff)
    whole = [campaign.pk for campaign in campaigns if campaign.pk not in part]
    stores = Store.objects.visible_to(staff).values("pk")
    # unscoped: who sees every store of a campaign sees its sums over the company too.
    totals = ArmTotal.unscoped.filter(
        Q(campaign__in=whole, store__isnull=True) | Q(campaign__in=part, store__in=stores)
    )
    grouped: dict[int, list[ArmTotal]] = {campaign.pk: [] for campaign in campaigns}
    for total in totals:
        grouped[total.campaign_id].append(total)
    return {pk: Arms.of(group) for pk, group in grouped.items()}


def reading(*, campaign: Campaign, staff: Staff) -> Reading:
    in_part = bool(seen_in_part(campaigns=[campaign], staff=staff))
    result = CampaignResult.objects.filter(campaign=campaign).first()
    return Reading(
        campaign=campaign,
        in_part=in_part,
        as_of=result.as_of if result else None,
        arms=arms_of(campaigns=[campaign], staff=staff)[campaign.pk],
        reach=_reach(campaign, staff if in_part else None),
        daily=[] if in_part or result is None else result.daily,
    )


def arm_rows(*, campaign: Campaign, staff: Staff) -> QuerySet[ArmTotal]:
    """Stored sums for the export: the company's where the whole is seen, then the own stores'."""
    stores = Store.objects.visible_to(staff).values("pk")
    seen = Q(store__in=stores)
    if not seen_in_part(campaigns=[campaign], staff=staff):
        seen |= Q(store__isnull=True)
    rows = campaign.arm_totals.filter(seen).select_related("store")
    return rows.order_by("store__code", "-treated")


def message_list(*, staff: Staff, campaign: int | None = None) -> QuerySet[Any]:
    """What the sandbox gateway keeps, newest first, to members of the own stores."""
    found: QuerySet[Any] = Message.objects.visible_to(staff).select_related("campaign", "member")
    found = found.filter(campaign=campaign) if campaign else found
    return found.order_by("-pk")


def _reach(campaign: Campaign, staff: Staff | None) -> Reach:
    """Members at each step; of the stores of `staff`, or of all where None."""
    drawn, removals = campaign.assignments.all(), campaign.removals.all()
    messages, redemptions = campaign.messages.all(), campaign.redemptions.all()
    if staff is not None:
        stores = Store.objects.visible_to(staff).values("pk")
        drawn, removals = drawn.filter(home_store__in=stores), removals.filter(store__in=stores)
        messages = messages.filter(member__in=drawn.values("member"))
        redemptions = redemptions.filter(member__in=drawn.values("member"))
    arms = dict(drawn.values_list("treated").annotate(n=Count("pk")).order_by())
    outcomes = list(messages.values_list("status", "reason").annotate(n=Count("pk")).order_by())
    removed = removals.values_list("reason").annotate(n=Sum("members")).order_by("-n")
    return Reach(
        removed=dict(removed),
        treated=arms.get(True, 0),
        held_out=arms.get(False, 0),
        delivered=sum(n for status, _, n in outcomes if status == Message.Status.DELIVERED),
        waiting=sum(n for status, _, n in outcomes if status == Message.Status.PENDING),
        refused={reason: n for status, reason, n in outcomes if status == Message.Status.REFUSED},
        redeemed=redemptions.aggregate(n=Count("member", distinct=True))["n"],
    )
