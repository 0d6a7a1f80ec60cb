"""The members who are scored, a receipt in the window and no objection: new facts and published ones."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.models import NightlyRun
from segmentation.nightly.columns import BIG, among, array_of, copy_out

NONE = -1  # in a column of whole numbers, where the database has null

Columns = dict[str, NDArray[Any]]

FACTS, SCORES = "segmentation_pendingfacts", "segmentation_memberscore"
OF_RUN = "run_id = %(run)s"
TOUCHED = f"SELECT member_id FROM segmentation_touchedmember WHERE {OF_RUN}"
# Who objected and who was touched is told apart here, in a fraction of the time it takes the database.
OBJECTED = "SELECT member_id FROM members_profilingobjection"
SOME = "member_id = ANY(%(members)s::bigint[])"


def population_columns(
    run: NightlyRun,
    asked: Mapping[str, str],
    types: Mapping[str, str],
    *,
    unpublished: Mapping[str, str] | None = None,
    members: NDArray[np.int64] | None = None,
    only_looked_at: bool = False,
) -> Columns:
    """`member`, whether the night worked out the facts (`looked_at`) and what is asked, by member.

    asked: expressions over the facts; unpublished: those to take instead where there are only new
    facts, without scores. members: these only.
    """
    params = {"run": run.pk, "members": None if members is None else array_of(members)}
    some = "true" if members is None else SOME

    def columns(table: str, whose: str, asked: Mapping[str, str]) -> Columns:
        query = f"SELECT member_id, {', '.join(asked.values())} FROM {table}"
        found = copy_out(
            f"{query} WHERE receipts > 0 AND {whose} AND {some}", params, {"member": BIG, **types}
        )
        return _where(found, ~objects(found["member"]))

    fresh = columns(FACTS, OF_RUN, {**asked, **(unpublished or {})})
    if only_looked_at:
        return _by_member([(fresh, True)])
    # Who objected at the last publishing, or since the facts were worked out, has no facts there. Who took
    # it back by now is for the next night to look at; this one did not, though it may see no objection.
    rest = columns(SCORES, "r IS NOT NULL", asked)
    touched = copy_out(TOUCHED, {"run": run.pk}, {"member": BIG})["member"]
    return _by_member([(fresh, True), (_where(rest, ~among(rest["member"], touched)), False)])


def objects(members: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of these members object to profiling."""
    return among(members, copy_out(OBJECTED, {}, {"member": BIG})["member"])


def _where(columns: Columns, rows: NDArray[np.bool_]) -> Columns:
    return columns if rows.all() else {name: values[rows] for name, values in columns.items()}


def _by_member(parts: list[tuple[Columns, bool]]) -> Columns:
    looked_at = np.concatenate([np.full(len(part["member"]), is_new) for part, is_new in parts])
    columns = {name: np.concatenate([part[name] for part, _is_new in parts]) for name in parts[0][0]}
    order = np.argsort(columns["member"])
    return {"looked_at": looked_at[order], **{name: values[order] for name, values in columns.items()}}
