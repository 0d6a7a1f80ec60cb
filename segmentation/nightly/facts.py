"""Facts of the members that the night must look at → pending rows, and whom it looked at."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from django.db import connection
from numpy.typing import NDArray

from segmentation.analytics import facts as analytics
from segmentation.models import NightlyRun, PendingFacts, TouchedMember
from segmentation.nightly.columns import BIG, copy_in, copy_out
from segmentation.nightly.reading import facts_of_all, facts_of_touched
from segmentation.nightly.stage import Outcome, Stage
from segmentation.nightly.touched import Touched, members_touched, seen_now

COUNTS = ("lifetime_receipts", "receipts", "purchase_days", "packs", "stores")
RATIOS = (
    *("gap_mean", "gap_cv", "discount_share", "online_share", "weekend_share", "evening_share"),
    *("carton_share", "class1", "class2", "class3", "class4", "class5", "slim_share", "brand_entropy"),
)


@dataclass(frozen=True)
class Found:
    facts: analytics.Facts
    touched: Touched | None  # None: the facts are everybody's
    seen: dict[str, Any]


def read(run: NightlyRun) -> Found:
    touched = None if run.is_full else members_touched(run)
    facts = facts_of_touched(run, touched) if touched else facts_of_all(run)
    return Found(facts, touched, seen_now())


def write(run: NightlyRun, found: Found) -> Outcome:
    PendingFacts.unscoped.filter(run=run).delete()
    TouchedMember.unscoped.filter(run=run).delete()
    rows = copy_in("segmentation_pendingfacts", fact_rows(run, found.facts))
    run.touched = len(found.touched.members) if found.touched else None
    run.save(update_fields=["touched"])
    if found.touched:
        members = found.touched.members
        copy_in("segmentation_touchedmember", {"run_id": np.full(len(members), run.pk), "member_id": members})
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE segmentation_pendingfacts, segmentation_touchedmember")
    return Outcome(rows, {"seen": found.seen, "settings": run.settings_id})


STAGE = Stage(read, write)


def fact_rows(run: NightlyRun, facts: analytics.Facts) -> dict[str, Any]:
    """Facts as columns of the table of pending ones."""
    return {
        "run_id": np.full(len(facts.member), run.pk),
        "member_id": facts.member,
        "home_store_id": _home_stores(facts),
        "first_day": _dates(facts.first_day),
        "last_day": _dates(facts.last_day),
        # Hundredths divided by 100 print as the same two decimals.
        "lifetime_spend": facts.lifetime_cents / 100,
        "spend": facts.cents / 100,
        "mean_ticket": _or_null(facts.mean_ticket_cents / 100),
        "price_per_pack": _or_null(facts.price_per_pack / 100),
        "top_brand": pa.array(facts.top_brand, mask=facts.top_brand == 0),
        **{name: getattr(facts, name) for name in COUNTS},
        **{name: _or_null(getattr(facts, name)) for name in RATIOS},
    }


def _dates(column: NDArray[Any]) -> Any:
    return pa.array(column.astype(np.int32), mask=column < 0).cast(pa.date32())


def _or_null(column: NDArray[Any]) -> Any:
    return pa.array(column, from_pandas=True)


def _home_stores(facts: analytics.Facts) -> NDArray[Any]:
    """Where nobody bought in the window, the store that enrolled the member."""
    query = "SELECT id, enrolment_store_id FROM members_member ORDER BY id"
    enrolled = copy_out(query, {}, {"member": BIG, "store": BIG})
    fallback = enrolled["store"][np.searchsorted(enrolled["member"], facts.member)]
    return np.where(facts.home_store > 0, facts.home_store, fallback)
