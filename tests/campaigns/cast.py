"""Members and receipts as campaigns need them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from campaigns.models import Campaign
from campaigns.services import campaign_create
from members.models import AgeVerification, Consent, Member
from organization.models import Source, Staff, Store
from sales.models import Product, Receipt, ReceiptLine
from segmentation.models import MemberScore, NightlyRun
from tests.conftest import make_member

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)  # in Shanghai
NUMBERS = count(1)


def make_reachable(store: Store, *, segment: str = "loyal", **fields: Any) -> Member:
    """A verified adult of the segment who allowed SMS."""
    member = make_member(store, **{"birth_date": date(1980, 5, 5), **fields})
    AgeVerification.unscoped.create(member=member, method="id card", verified_at=NOON, clerk="07")
    Consent.unscoped.create(
        member=member, channel="sms", purpose="marketing", granted=True, at=NOON, source="form"
    )
    MemberScore.unscoped.create(
        member=member,
        segment=segment,
        lifetime_receipts=1,
        lifetime_spend=1,
        receipts=1,
        spend=1,
        purchase_days=1,
        packs=1,
        stores=1,
    )
    return member


def make_night(as_of: date = date(2026, 11, 19)) -> NightlyRun:
    return NightlyRun.objects.create(as_of=as_of, published_at=NOON)


def make_draft(maker: Staff, **fields: Any) -> Campaign:
    values = {
        "name": "Drinks voucher",
        "segment": "loyal",
        "channel": "sms",
        "offer": "本周到店饮料第二件半价",
        "message_cost": Decimal("0.05"),
        "fixed_cost": Decimal("100"),
        "margin": Decimal("0.300"),
        "horizon_days": 21,
        "holdout_share": Decimal("0.500"),
        "salt": "fixed",
        **fields,
    }
    return campaign_create(actor=maker, **values)


def make_receipt(member: Member, day: date, total: str, **fields: Any) -> Receipt:
    source, _ = Source.objects.get_or_create(name="till")
    amount = Decimal(total)
    return Receipt.unscoped.create(
        **{
            "store": member.home_store,
            "source": source,
            "number": str(next(NUMBERS)),
            "member": member,
            "business_day": day,
            "moment": datetime(day.year, day.month, day.day, 4, tzinfo=UTC),
            "minute": 720,
            "till": "1",
            "clerk": "1",
            "channel": 1,
            "tender": "CASH",
            "is_return": amount < 0,
            "total": amount,
            "content": 0,
            "imported_by_id": 0,
            **fields,
        }
    )


def make_line(receipt: Receipt, product: Product, *, quantity: str, buy_price: str | None) -> ReceiptLine:
    return ReceiptLine.unscoped.create(
        receipt=receipt,
        line_number=1,
        store_id=receipt.store_id,
        member_id=receipt.member_id,
        business_day=receipt.business_day,
        product=product,
        quantity=Decimal(quantity),
        packs=0,
        is_carton=False,
        amount=receipt.total,
        discount=0,
        buy_price=buy_price and Decimal(buy_price),
    )
