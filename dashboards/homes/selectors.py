"""What the homes read: sums per day and hour, and whom policy lets a message reach."""

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, Max, Min, QuerySet, Sum
from django.utils import timezone

from campaigns.policy.audience import with_reason
from campaigns.policy.rules import Reason
from dashboards.homes.indicators import usual_days
from members.models import Channel, Member
from organization.keeping import kept
from organization.models import Staff, Store
from sales.models import StoreDay, StoreHour
from segmentation.models import MemberScore
from segmentation.selectors import members_of

# The day itself may be a few days old, and is compared with four weeks before it.
DAYS_READ = 45
QUIET = ("cant_lose", "at_risk", "about_to_sleep")
REACH_SECONDS = 600
HOURS = 24


@dataclass(frozen=True)
class DaySums:
    """A day over the stores a person sees; active members cannot be summed, so their range is kept."""

    sales: Decimal
    receipts: int
    member_sales: Decimal
    member_receipts: int
    buyers: int
    repeat_buyers: int
    stores: int
    fewest_active: int
    most_active: int


@dataclass(frozen=True)
class DayByHour:
    """Receipts per hour; hours above 23 are after midnight, before the stores close."""

    hours: list[int]
    receipts: list[int]
    usual: list[float]


@dataclass(frozen=True)
class ChannelReach:
    """Members by the first rule that keeps a message of one channel from them; "" where none does."""

    channel: str
    by_reason: dict[str, int]

    @property
    def members(self) -> int:
        return sum(self.by_reason.values())

    @property
    def allowed(self) -> int:
        return self.by_reason.get("", 0)

    @property
    def of_age(self) -> int:
        return self.members - self.by_reason.get(Reason.AGE, 0)


def day_sums(staff: Staff, *, until: date) -> dict[date, DaySums]:
    """Days with a receipt in any of the stores; a store that only took goods back counts in them."""
    days = StoreDay.objects.visible_to(staff).filter(
        day__gt=until - timedelta(days=DAYS_READ), day__lte=until
    )
    summed = ("sales", "receipts", "member_sales", "member_receipts", "buyers", "repeat_buyers")
    rows = (
        days.values("day")
        .annotate(
            **{f"sum_{name}": Sum(name) for name in summed},
            stores=Count("pk"),
            fewest_active=Min("active_members"),
            most_active=Max("active_members"),
        )
        .filter(sum_receipts__gt=0)
    )
    kept = ("stores", "fewest_active", "most_active")
    return {
        row["day"]: DaySums(
            **{name: row[f"sum_{name}"] for name in summed}, **{name: row[name] for name in kept}
        )
        for row in rows
    }


def day_by_hour(staff: Staff, *, day: date, days: dict[date, DaySums]) -> DayByHour:
    """One day's hours, and the mean of those of its usual days that had receipts."""
    compared = [each for each in usual_days(day) if each in days]
    rows = StoreHour.objects.visible_to(staff).filter(day__in=[day, *compared])
    seen: dict[int, int] = {}
    before: dict[int, int] = {}
    sums = rows.values_list("day", "hour", "store__closing_hour").annotate(n=Sum("receipts"))
    for each, hour, closing, receipts in sums:
        hour = hour + HOURS if hour < closing else hour
        target = seen if each == day else before
        target[hour] = target.get(hour, 0) + receipts
    open_hours = seen.keys() | before.keys()
    hours = list(range(min(open_hours), max(open_hours) + 1)) if open_hours else []
    return DayByHour(
        hours,
        [seen.get(hour, 0) for hour in hours],
        [round(before.get(hour, 0) / len(compared), 1) if compared else 0.0 for hour in hours],
    )


def quiet_regulars(staff: Staff, *, most: int) -> QuerySet[MemberScore]:
    """Members who used to come often and stay away, those who spend most first."""
    return members_of(staff).filter(segment__in=QUIET).order_by("-spend", "pk")[:most]


def reach(staff: Staff) -> list[ChannelReach]:
    """Whom each channel may reach today. Kept for ten minutes: it looks at every member in scope."""
    stores = list(Store.objects.visible_to(staff).order_by("pk").values_list("pk", flat=True))
    today = timezone.localdate()
    scope = hashlib.sha256(repr(stores).encode()).hexdigest()
    return kept(f"reach:{today}:{scope}", REACH_SECONDS, lambda: _reach(staff, today))


def _reach(staff: Staff, day: date) -> list[ChannelReach]:
    members = Member.objects.visible_to(staff)
    found = []
    for channel in Channel.values:
        judged = with_reason(members, channel=channel, day=day)
        found.append(ChannelReach(channel, dict(judged.values_list("reason").annotate(n=Count("pk")))))
    return found


def stores_without_receipts(staff: Staff, *, day: date) -> QuerySet[Store]:
    open_that_day = StoreDay.objects.visible_to(staff).filter(day=day, receipts__gt=0)
    stores: QuerySet[Store] = Store.objects.visible_to(staff).active()
    return stores.exclude(pk__in=open_that_day.values("store")).order_by("code")
