"""Facts as rows of the table they wait in."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.analytics.facts import Facts

COUNTS = ("lifetime_receipts", "receipts", "purchase_days", "packs", "stores")
RATIOS = (
    *("gap_mean", "gap_cv", "discount_share", "online_share", "weekend_share", "evening_share"),
    *("carton_share", "class1", "class2", "class3", "class4", "class5", "slim_share", "brand_entropy"),
)


def facts_rows(run_id: int, facts: Facts) -> dict[str, NDArray[Any]]:
    return {
        "run_id": np.full(len(facts.member), run_id),
        "member_id": facts.member,
        "home_store_id": np.ma.masked_equal(facts.home_store, 0),
        "first_day": np.ma.masked_less(facts.first_day, 0),
        "last_day": np.ma.masked_less(facts.last_day, 0),
        "lifetime_spend": facts.lifetime_cents,
        "spend": facts.cents,
        "mean_ticket": facts.mean_ticket_cents / 100,
        "price_per_pack": facts.price_per_pack / 100,
        "top_brand": np.ma.masked_equal(facts.top_brand, 0),
        **{name: getattr(facts, name) for name in (*COUNTS, *RATIOS)},
    }
