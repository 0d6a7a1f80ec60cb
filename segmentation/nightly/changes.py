"""Scores and clusters of everybody, of which a night that read few members writes only what differs."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from segmentation.models import NightlyRun, ScoreFields
from segmentation.nightly.columns import BIG, INT, copy_out, pending_update
from segmentation.nightly.touched import UNTOUCHED

COLUMNS = [field.attname for field in ScoreFields._meta.local_concrete_fields]
# A member nobody touched, whose score changed because others' did: the facts are the published ones.
COMPLETE = """
    INSERT INTO segmentation_pendingscore (run_id, member_id, home_store_id, {columns})
    SELECT %(run)s, s.member_id, m.home_store_id, {published}
    FROM night_update u
    JOIN segmentation_memberscore s ON s.member_id = u.member_id
    JOIN members_member m ON m.id = u.member_id
    WHERE NOT EXISTS (
        SELECT FROM segmentation_pendingscore p WHERE p.run_id = %(run)s AND p.member_id = u.member_id
    )""".format(columns=", ".join(COLUMNS), published=", ".join(f"s.{column}" for column in COLUMNS))
NONE = -1


def differing(run: NightlyRun, columns: Mapping[str, Any], codes: Mapping[str, Any]) -> dict[str, Any]:
    """The rows of `columns` (with `member_id`, in order) that are not published as they are.

    codes: whole numbers of columns that tell, by how PostgreSQL makes them of a row; -1 for null.
    """
    if run.touched is None:
        return dict(columns)
    asked = ", ".join(f"coalesce({expression}, {NONE})::int4" for expression in codes)
    query = f"SELECT member_id, {asked} FROM segmentation_memberscore p WHERE {UNTOUCHED} ORDER BY member_id"
    names = [f"code{place}" for place in range(len(codes))]
    published = copy_out(query, {"run": run.pk}, {"member": BIG, **dict.fromkeys(names, INT)})
    members = columns["member_id"]
    at = np.searchsorted(published["member"], members)
    same = at < len(published["member"])
    same[same] = published["member"][at[same]] == members[same]
    for name, now in zip(names, codes.values(), strict=True):
        same[same] = published[name][at[same]] == now[same]
    rows = np.flatnonzero(~same)
    return {name: column.take(rows) for name, column in columns.items()}


def scores_write(run: NightlyRun, columns: Mapping[str, Any], types: Mapping[str, str]) -> int:
    """Set columns of the pending rows, made first for members who have none."""
    if not len(columns["member_id"]):
        return 0
    return pending_update(run.pk, columns, types, complete="" if run.touched is None else COMPLETE)
