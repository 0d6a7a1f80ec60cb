"""Dated changes of segment and scores, noted by the very statement that publishes a night.

A night made again goes on from the changes of the first: what a member was before the day stands.
"""

from datetime import date

from django.db import connection

from segmentation.models import NightlyRun

STATE = ("segment", "r", "f", "m")
OLD = ("old", "old_r", "old_f", "old_m")
NEW = ("new", "new_r", "new_f", "new_m")
# What the new scores rest on.
GROUNDS = ("last_day", "receipts", "spend")


def _of(alias: str, columns: tuple[str, ...]) -> str:
    return ", ".join(f"{alias}.{column}" for column in columns)


# The statement that writes published rows returns what each was and is. Of a night made again, what a
# changed score rests on may be other than the first time.
NOTED = f"""
    WITH written (member_id, {", ".join(OLD + NEW + GROUNDS)}) AS (
        {{statement}}
        RETURNING coalesce(new.member_id, old.member_id), {_of("old", STATE)}, {_of("new", STATE + GROUNDS)}
    ), noted AS (
        INSERT INTO segmentation_scorechange (member_id, day, {", ".join(OLD + NEW + GROUNDS)})
        SELECT member_id, %(day)s, {", ".join(OLD + NEW + GROUNDS)} FROM written
        WHERE %(is_noted)s AND (
            ROW({", ".join(OLD)}) IS DISTINCT FROM ROW({", ".join(NEW)})
            OR member_id IN (SELECT member_id FROM segmentation_scorechange WHERE day = %(day)s))
        ON CONFLICT (member_id, day) DO UPDATE
        SET ({", ".join(NEW + GROUNDS)}) = ROW({_of("excluded", NEW + GROUNDS)})
    )
    SELECT count(*) FROM written"""
# Changed when the day was made first, and changed back now.
FORGET = f"""
    DELETE FROM segmentation_scorechange
    WHERE day = %(day)s AND ROW({", ".join(OLD)}) IS NOT DISTINCT FROM ROW({", ".join(NEW)})"""


def write_noted(run: NightlyRun, statement: str) -> int:
    """Write published rows and note whose segment or scores change; the first night changes nothing.

    Returns the number of rows written.
    """
    is_first = not NightlyRun.objects.filter(as_of__lt=run.as_of, published_at__isnull=False).exists()
    params: dict[str, date | int | bool] = {"run": run.pk, "day": run.as_of, "is_noted": not is_first}
    with connection.cursor() as cursor:
        cursor.execute(NOTED.format(statement=statement), params)
        rows: int = cursor.fetchone()[0]
        cursor.execute(FORGET, params)
    return rows
