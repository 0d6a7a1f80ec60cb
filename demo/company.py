"""The simulated chain, taken through the whole loop: files, nights, campaigns, results."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from django.db import transaction

from campaigns.delivery import sandbox
from campaigns.models import Assignment, Campaign
from campaigns.services import campaign_create, campaign_start
from demo.exports import append_campaign, write_exports
from demo.simulator import Chain, campaign_receipts, simulate
from demo.stage import import_file, night, staff_for
from members.models import IdentityKind, MemberIdentity
from organization import company
from organization.models import ImportKind, Region, Role, Staff, Store
from organization.services import staff_create

CAMPAIGN_DAYS_AGO = 28
HORIZON_DAYS = 21
NIGHTS_BEFORE = (84, 56, 28)  # days before the campaigns' start, for sizes over time


@dataclass(frozen=True)
class Planted:
    """A campaign whose true effect is known: extra spend per treated member, in yuan."""

    name: str
    segment: str
    offer: str
    effect: float
    seed: int


PLANTED = (
    Planted(
        "饮品立减，盼您再来 · A drinks offer",
        "about_to_sleep",
        "任意饮品立减 3 元 · 3 yuan off any drink",
        24.0,
        1,
    ),
    Planted(
        "节气问候 · A seasonal greeting",
        "loyal",
        "天凉添衣，欢迎到店喝杯热茶 · A cup of hot tea is waiting",
        0.0,
        2,
    ),
)


@dataclass
class Story:
    """What a run leaves for the summary: planted effects by campaign id."""

    chain: Chain
    truths: dict[int, float]


def play(
    *, stores: int, members: int, months: int, anchor: date, folder: Path, say: Callable[[str], None]
) -> Story:
    """Build the company in an empty database; a Celery worker must be running."""
    say("Simulating the chain")
    chain = simulate(stores=stores, members=members, months=months, anchor=anchor)
    split = anchor - timedelta(days=CAMPAIGN_DAYS_AGO)
    files = write_exports(chain, folder, split=split)
    admin = staff_create(username="loader", password=secrets.token_urlsafe(), role=Role.ADMIN)
    for kind, name in (
        (ImportKind.STORES, "stores"),
        (ImportKind.PRODUCTS, "products"),
        (ImportKind.MEMBERS, "members"),
        (ImportKind.SALES, "sales_a_before"),
        (ImportKind.SALES, "sales_b_before"),
    ):
        record = import_file(kind=kind, path=files[name], actor=admin)
        say(f"Imported {record.file_name}: {record.read:,} rows, {record.quarantined:,} set aside")
    people = staff_for(Store.unscoped.order_by("code")[0], Region.objects.get(parent=None))
    for days in NIGHTS_BEFORE:
        night(split - timedelta(days=days), actor=admin)
    night(split - timedelta(days=1), actor=admin)
    say(f"Ran {len(NIGHTS_BEFORE) + 1} nights up to {split - timedelta(days=1)}")
    truths = {}
    for planted in PLANTED:
        campaign, truth = _run_campaign(planted, chain, files["sales_after"], people[Role.MARKETER], split)
        truths[campaign.pk] = truth
    record = import_file(kind=ImportKind.SALES, path=files["sales_after"], actor=admin)
    say(f"Imported {record.file_name}: {record.read:,} rows, {record.quarantined:,} set aside")
    night(anchor - timedelta(days=1), actor=admin)
    say(f"Ran the night of {anchor - timedelta(days=1)}")
    return Story(chain, truths)


def _run_campaign(
    planted: Planted, chain: Chain, after: Path, marketer: Staff, start: date
) -> tuple[Campaign, float]:
    """Start a campaign in the past and let its treated members buy what is planted."""
    with transaction.atomic():
        campaign = campaign_create(
            actor=marketer,
            salt=f"demo-{planted.seed}",
            name=planted.name,
            segment=planted.segment,
            channel="sms",
            offer=planted.offer,
            message_cost=Decimal("0.05"),
            fixed_cost=Decimal("200"),
            horizon_days=HORIZON_DAYS,
            holdout_share=Decimal("0.3"),
            margin=Decimal("0.25"),
        )
        campaign = campaign_start(campaign=campaign, actor=marketer, as_of=start)
        morning = datetime(start.year, start.month, start.day, 10, tzinfo=company.zone())
        sandbox.deliver(campaign=campaign, at=morning)
    if not planted.effect:
        return campaign, 0.0
    lines, truth = campaign_receipts(
        chain,
        cards=_cards(campaign),
        start=start,
        days=HORIZON_DAYS,
        effect=planted.effect,
        seed=planted.seed,
    )
    append_campaign(after, lines)
    return campaign, truth


def _cards(campaign: Campaign) -> list[str]:
    treated = Assignment.unscoped.filter(campaign=campaign, treated=True).values("member")
    identities = MemberIdentity.unscoped.filter(kind=IdentityKind.CARD, member__in=treated)
    return sorted(str(identity.value) for identity in identities)
