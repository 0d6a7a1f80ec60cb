"""What is published and stands, when all facts have been worked out: only the rest needs to be written.

On most nights that is nine in ten members, and reading a row takes a fraction of writing one.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import models
from numpy.typing import NDArray

from segmentation.analytics.facts import Facts
from segmentation.analytics.ids import places
from segmentation.models import FactFields
from segmentation.nightly.columns import BIG, FOUR, among, copy_out, in_fours, out_of_fours
from segmentation.nightly.population import objects
from segmentation.nightly.rows import facts_rows


def _number(field: "models.Field[Any, Any]") -> str:
    """A fact as `facts_rows` has it."""
    if isinstance(field, models.DateField):
        return f"{field.attname} - DATE '1970-01-01'"
    if isinstance(field, models.DecimalField):
        return f"({field.attname} * 100)::int8"
    return field.attname


FACTS = {field.attname: _number(field) for field in FactFields._meta.local_concrete_fields}
# Two for each score, and one for a cluster, which a scored member may be without.
SCORED = "2 * num_nonnulls(r, f, m, segment, value_class) + num_nonnulls(cluster)"
ALL_SCORES = 10
ASKED = {**FACTS, "scored": SCORED}
IN_FOURS = in_fours(ASKED)
PUBLISHED = f"""
    SELECT member_id, {", ".join(IN_FOURS.values())}
    FROM segmentation_memberscore WHERE member_id > %(above)s AND member_id <= %(last)s"""
TYPES = {"member": BIG, **dict.fromkeys(IN_FOURS, FOUR)}
HOMES = """
    SELECT id, home_store_id, enrolment_store_id FROM members_member
    WHERE id > %(above)s AND id <= %(last)s ORDER BY id"""

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Compared:
    """`new`: facts to publish. `touched`: their members, and those of whom nothing is to be published."""

    new: Facts
    touched: NDArray[np.int64]


def compare(facts: Facts, above: int, last: int) -> Compared:
    """Compare the facts of all members between two ids with the published ones, and with their homes."""
    between = {"above": above, "last": last}
    published = copy_out(PUBLISHED, between, TYPES)
    published = {"member": published["member"], **out_of_fours(published, ASKED)}
    at, known = places(facts.member, published["member"])
    stands = np.zeros(len(facts.member), bool)
    stands[at[known]] = _same(facts.where(at[known]), {name: of[known] for name, of in published.items()})
    away = _away_from_home(
        facts, copy_out(HOMES, between, dict.fromkeys(("member", "home", "enrolment"), BIG))
    )
    stands &= ~among(facts.member.astype(np.int64, copy=False), away)
    new = facts.where(~stands)
    touched = [new.member, published["member"][~known], away]
    return Compared(new, np.unique(np.concatenate(touched)))


def _same(facts: Facts, published: Columns) -> NDArray[np.bool_]:
    # No scores without receipts, nor with an objection; who objects no more must be scored again.
    is_scored = (facts.receipts > 0) & ~objects(published["member"])
    same: NDArray[np.bool_] = np.where(is_scored, published["scored"] >= ALL_SCORES, published["scored"] == 0)
    rows = facts_rows(0, facts)
    for name in FACTS:
        now, then = np.ma.filled(rows[name].astype(np.float64), np.nan), published[name]
        same &= (now == then) | (np.isnan(now) & np.isnan(then))
    return same


def _away_from_home(facts: Facts, members: Columns) -> NDArray[Any]:
    """Members who are noted elsewhere than where they buy, or enrolled if they do not."""
    home = members["enrolment"]
    at, there = places(members["member"], facts.member)
    buys = there & (facts.home_store > 0)
    home[at[buys]] = facts.home_store[buys]
    away: NDArray[Any] = members["member"][members["home"] != home]
    return away
