"""Who of many members may be written to. All rules are judged in the database, in one query."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual
from django.utils import timezone
from numpy.typing import NDArray

from campaigns.models import Assignment, Message
from campaigns.policy.rules import Reason
from members.models import AgeVerification, Consent, Member, ProfilingObjection, Purpose, SelfExclusion
from organization import company
from organization.models import Store

WEEK_DAYS, WEEK_CAP = 7, 1
MONTH_DAYS, MONTH_CAP = 30, 3


@dataclass(frozen=True)
class Audience:
    """Members of a segment after policy; `removals` counts who may not be written to.

    Each counts once, at the home store and by the first rule that applied.
    """

    removals: dict[tuple[int, Reason], int]
    members: NDArray[np.int64]
    home_stores: NDArray[np.int64]

    @property
    def allowed(self) -> int:
        return len(self.members)

    @property
    def found(self) -> int:
        return self.allowed + sum(self.removals.values())

    @property
    def removed(self) -> dict[Reason, int]:
        counts = Counter[Reason]()
        for (_store, reason), n in self.removals.items():
            counts[reason] += n
        return {reason: counts[reason] for reason in Reason if counts[reason]}


def audience(*, segment: str, stores: Iterable[Store], channel: str, day: date) -> Audience:
    """The members of a segment whose home is one of the stores, judged as of a day."""
    found = Member.unscoped.filter(score__segment=segment, home_store__in=[store.pk for store in stores])
    judged = with_reason(found, channel=channel, day=day)
    kept_out = judged.exclude(reason="").values_list("home_store_id", "reason").annotate(n=Count("pk"))
    removals = {(store, Reason(reason)): n for store, reason, n in kept_out.order_by()}
    allowed = judged.filter(reason="").order_by("pk").values_list("pk", "home_store_id")
    pairs = np.array(allowed, dtype=np.int64).reshape(-1, 2)
    return Audience(removals, pairs[:, 0], pairs[:, 1])


def with_reason(
    members: QuerySet[Member],
    *,
    channel: str,
    day: date,
    skip: Collection[Reason] = (),
) -> QuerySet[Any]:
    """Members with `reason`: the first rule that keeps a message from them, or empty.

    Who objects to profiling may get what goes to everybody: then `skip` holds Reason.PROFILING.
    """
    blocked = {
        Reason.AGE: ~_is_adult(day),
        Reason.SELF_EXCLUDED: Exists(SelfExclusion.unscoped.filter(member=OuterRef("pk"))),
        Reason.PROFILING: Exists(ProfilingObjection.unscoped.filter(member=OuterRef("pk"))),
        Reason.CONSENT: ~_consents(channel),
        Reason.FREQUENCY: _reached_often(day),
    }
    cases = [When(test, then=Value(str(reason))) for reason, test in blocked.items() if reason not in skip]
    return members.annotate(reason=Case(*cases, default=Value(""), output_field=CharField()))


def latest_birth_date(day: date, *, age: int) -> date:
    """Who was born on this date or before is of that age on the day.

    Born on 29 February, one comes of age on 1 March of a common year.
    """
    try:
        return day.replace(year=day.year - age)
    except ValueError:
        return day.replace(year=day.year - age, day=28)


def _is_adult(day: date) -> Q:
    verified = Exists(AgeVerification.unscoped.filter(member=OuterRef("pk")))
    born = latest_birth_date(day, age=company.current().minimum_age)
    # Proof of age was seen: a birth date that was never entered does not undo that.
    return Q(verified) & (Q(birth_date__isnull=True) | Q(birth_date__lte=born))


def _consents(channel: str) -> Coalesce:
    ledger = Consent.unscoped.filter(member=OuterRef("pk"), channel=channel, purpose=Purpose.MARKETING)
    return Coalesce(Subquery(ledger.order_by("-at", "-pk").values("granted")[:1]), Value(False))


def _reached_often(day: date) -> Q:
    return _reached(day, days=WEEK_DAYS, cap=WEEK_CAP) | _reached(day, days=MONTH_DAYS, cap=MONTH_CAP)


def _reached(day: date, *, days: int, cap: int) -> Q:
    """Whether the cap is reached by campaigns of the last `days` days, the day itself included.

    Who was held out counts as written to. Else the next campaign would take mostly those, and the
    group that the first one is compared with would not have been left alone.
    """
    first = day - timedelta(days=days - 1)
    on_the_way = Q(status=Message.Status.PENDING)
    sent = Q(status=Message.Status.DELIVERED, sent_at__gte=start_of(first))
    messages = Message.unscoped.filter(on_the_way | sent)
    held_out = Assignment.unscoped.filter(treated=False, campaign__starts_on__gte=first)
    return Q(GreaterThanOrEqual(_times(messages) + _times(held_out), cap))


def _times(rows: QuerySet[Any]) -> Coalesce:
    """How many of the rows are of the member judged."""
    own = rows.filter(member=OuterRef("pk")).order_by().values("member")
    return Coalesce(Subquery(own.annotate(n=Count("pk")).values("n")), Value(0))


def start_of(day: date) -> datetime:
    """The first moment of a day in the company's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))
