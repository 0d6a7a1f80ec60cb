"""Dated changes of segment and scores: found before a night is published, written after it.

A night made again replaces its rows. Of whom: everybody, or those the night looked at; others stay
where they are.
"""

from datetime import date

from django.db import connection

from segmentation.models import NightlyRun

STATE = ("segment", "r", "f", "m")
OLD = ("old", "old_r", "old_f", "old_m")
NEW = ("new", "new_r", "new_f", "new_m")


def _of(alias: str, columns: tuple[str, ...]) -> str:
    return ", ".join(f"{alias}.{column}" for column in columns)


# What a member was before this day: as published, unless this day changed it already (a night made
# again), then as before that change.
FOUND = f"""
    CREATE TEMP TABLE night_changes ON COMMIT DROP AS
    WITH today AS (SELECT member_id, {", ".join(OLD)} FROM segmentation_scorechange WHERE day = %(day)s),
    before (member_id, {", ".join(OLD)}) AS (
        SELECT s.member_id, {_of("s", STATE)} FROM segmentation_memberscore s
        WHERE NOT EXISTS (SELECT FROM today t WHERE t.member_id = s.member_id) AND {{asked}}
        UNION ALL
        SELECT member_id, {", ".join(OLD)} FROM today WHERE {{asked}}
    ),
    after (member_id, {", ".join(NEW)}) AS (
        SELECT member_id, {", ".join(STATE)} FROM segmentation_pendingrank WHERE run_id = %(run)s
        UNION ALL
        SELECT member_id, NULL, NULL, NULL, NULL FROM segmentation_pendingfacts p
        WHERE run_id = %(run)s AND NOT EXISTS (
            SELECT FROM segmentation_pendingrank n WHERE n.run_id = p.run_id AND n.member_id = p.member_id)
    )
    SELECT coalesce(b.member_id, a.member_id) AS member_id, {_of("b", OLD)}, {_of("a", NEW)}
    FROM before b FULL JOIN after a ON a.member_id = b.member_id
    WHERE ROW({_of("b", OLD)}) IS DISTINCT FROM ROW({_of("a", NEW)})"""
FORGET = "DELETE FROM segmentation_scorechange WHERE day = %(day)s AND {asked}"
LOOKED_AT = """member_id IN (
        SELECT member_id FROM segmentation_pendingrank WHERE run_id = %(run)s
        UNION SELECT member_id FROM segmentation_touchedmember WHERE run_id = %(run)s)"""
# With what the new scores rest on, which by now is published.
WRITE = f"""
    INSERT INTO segmentation_scorechange
        (member_id, day, {", ".join(OLD + NEW)}, last_day, receipts, spend)
    SELECT c.member_id, %(day)s, {_of("c", OLD + NEW)}, s.last_day, s.receipts, s.spend
    FROM night_changes c LEFT JOIN segmentation_memberscore s ON s.member_id = c.member_id
    WHERE EXISTS (SELECT FROM members_member m WHERE m.id = c.member_id)"""  # Not erased by now.


def changes_find(run: NightlyRun) -> None:
    """Call it before the pending scores are published; the first night changes nothing."""
    if _is_first(run):
        return
    asked = "true" if run.touched is None else LOOKED_AT
    params: dict[str, date | int] = {"day": run.as_of, "run": run.pk}
    with connection.cursor() as cursor:
        cursor.execute(FOUND.format(asked=asked), params)
        cursor.execute(FORGET.format(asked=asked), params)


def changes_write(run: NightlyRun) -> None:
    """Call it when they are."""
    if not _is_first(run):
        with connection.cursor() as cursor:
            cursor.execute(WRITE, {"day": run.as_of})


def _is_first(run: NightlyRun) -> bool:
    return not NightlyRun.objects.filter(as_of__lt=run.as_of, published_at__isnull=False).exists()
