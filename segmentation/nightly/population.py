"""The members who are scored, a receipt in the window and no objection: new facts and published ones."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from segmentation.models import NightlyRun
from segmentation.nightly.columns import BIG, FLAG, copy_out
from segmentation.nightly.objections import NOT_OBJECTED
from segmentation.nightly.touched import UNTOUCHED

NONE = -1  # in a column of whole numbers, where the database has null


def population_columns(
    run: NightlyRun,
    asked: Mapping[str, str],
    types: Mapping[str, str],
    *,
    unpublished: Mapping[str, str] | None = None,
    where: str = "true",
    only_looked_at: bool = False,
) -> dict[str, NDArray[Any]]:
    """`member`, whether the night worked out the facts (`looked_at`) and what is asked, by member.

    asked: expressions over the facts; unpublished: those to take instead where there are only new
    facts, without scores. where: a condition on member_id, to take only some.
    """
    fresh = {**asked, **(unpublished or {})}
    sources = [("true", fresh, "segmentation_pendingfacts", "run_id = %(run)s")]
    if run.touched is not None and not only_looked_at:
        sources.append(("false", dict(asked), "segmentation_memberscore", UNTOUCHED))
    query = " UNION ALL ".join(
        f"SELECT member_id, {looked_at}, {', '.join(expressions.values())} FROM {table} p"
        f" WHERE {whose} AND receipts > 0 AND {where} AND {NOT_OBJECTED}"
        for looked_at, expressions, table, whose in sources
    )
    declared = {"member": BIG, "looked_at": FLAG, **types}
    return copy_out(f"{query} ORDER BY member_id", {"run": run.pk}, declared)
