"""One screen of what is in the database."""

from collections.abc import Iterable

from django.db.models import Sum
from django.utils.translation import override

from campaigns.models import Campaign
from campaigns.selectors import reading
from demo.accounts import ACCOUNTS
from members.models import Member
from organization.models import Import, Role, Staff, Store
from sales.models import Product, Receipt, ReceiptLine
from segmentation.labels import SEGMENT_LABELS
from segmentation.models import ClusterTotal, SegmentTotal
from segmentation.selectors import cluster_model, cluster_names, published_run


def summary(truths: dict[int, float]) -> Iterable[str]:
    """Lines of text: counts, segments, clusters, campaigns beside their truth, log-ins."""
    with override("en"):
        yield from _counts()
        yield from _segments()
        yield from _clusters()
        yield from _campaigns(truths)
        yield from _logins()


def _counts() -> Iterable[str]:
    totals = Import.unscoped.aggregate(Sum("read"), Sum("quarantined"))
    yield (
        f"{Store.unscoped.count():,} stores, {Product.objects.count():,} products, "
        f"{Member.unscoped.count():,} members, {Receipt.unscoped.count():,} receipts, "
        f"{ReceiptLine.unscoped.count():,} lines"
    )
    yield f"{totals['read__sum']:,} rows read, {totals['quarantined__sum']:,} of them set aside"


def _segments() -> Iterable[str]:
    run = published_run()
    if run is None:
        return
    yield ""
    yield f"Segments as of {run.as_of}, {run.members_scored:,} members with a purchase in the window"
    rows = (
        SegmentTotal.unscoped.filter(day=run.as_of)
        .values("segment")
        .annotate(n=Sum("members"), money=Sum("spend"))
    )
    for row in sorted(rows, key=lambda row: -row["n"]):
        name, spend = str(SEGMENT_LABELS[row["segment"]]), row["money"] / row["n"]
        yield f"  {name:22}{row['n']:>8,}{spend:>12,.0f} spend a member"


def _clusters() -> Iterable[str]:
    run = published_run()
    model = cluster_model(run) if run else None
    if model is None:
        return
    names = cluster_names(model)
    yield ""
    yield f"Clusters: {len(names)}, silhouette {model.model['silhouette_']:.2f}"
    sizes = dict(ClusterTotal.unscoped.values_list("cluster").annotate(Sum("members")))
    for label, name in names.items():
        yield f"  {name:60}{sizes.get(label, 0):>8,}"


def _campaigns(truths: dict[int, float]) -> Iterable[str]:
    admin = Staff.objects.filter(role=Role.ADMIN).first()
    if not truths or admin is None:
        return
    yield ""
    yield "Campaigns: extra spend per treated member, with 95 % interval, beside what was planted"
    for campaign in Campaign.unscoped.filter(pk__in=truths):
        effect = reading(campaign=campaign, staff=admin).arms.effect
        told = (
            f"{effect.estimate:+.2f} ({effect.low:+.2f} to {effect.high:+.2f})"
            if effect
            else "not enough data"
        )
        yield f"  {campaign.name}: {told}, planted {truths[campaign.pk]:+.2f}"


def _logins() -> Iterable[str]:
    yield ""
    yield "Log in as " + ", ".join(f"{account.username} ({account.password})" for account in ACCOUNTS)
