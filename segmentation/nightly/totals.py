"""Store days that imports touched, and the sums that are published with the scores."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Max, Min
from django.utils import timezone

from sales.models import Receipt
from sales.services import BUYER_DAYS, store_days_rebuild
from segmentation.models import NightlyRun
from segmentation.nightly.stage import Outcome, Stage

# An import says when it finished a little before its rows can be seen.
OVERLAP = timedelta(hours=1)

TOUCHED = """
    WITH fresh AS (SELECT id FROM organization_import WHERE finished_at >= %(since)s AND kind = 'sales'),
    changed AS (
        SELECT store_id, source_id, business_day, original_number FROM sales_receipt
        WHERE imported_by_id IN (SELECT id FROM fresh)
        UNION ALL
        SELECT store_id, source_id, business_day, original_number FROM sales_receipthistory
        WHERE replaced_by_id IN (SELECT id FROM fresh)
    )
    SELECT business_day FROM changed
    UNION
    -- A return takes the visit off the day of the receipt it returns.
    SELECT o.business_day FROM changed c JOIN sales_receipt o
        ON o.store_id = c.store_id AND o.source_id = c.source_id AND o.number = c.original_number
    WHERE c.original_number <> ''
    UNION
    -- Products that became known restate the packs of their old lines.
    SELECT generate_series(first_day, last_day, '1 day')::date FROM organization_import
    WHERE first_day IS NOT NULL
      -- So do those that are undone; and of undone sales nothing but the days is left.
      AND (finished_at >= %(since)s AND kind = 'products' OR undone_at >= %(since)s)"""

# Once over all members; what pages show is summed up from these few rows.
TOTALS = """
    CREATE TEMP TABLE night_totals ON COMMIT DROP AS
    SELECT home_store_id AS store_id, segment, r, f, cluster, count(*) AS members, sum(spend) AS spend
    FROM segmentation_memberscore WHERE r IS NOT NULL
    GROUP BY home_store_id, segment, r, f, cluster"""
SEGMENT_TOTALS = """
    INSERT INTO segmentation_segmenttotal (day, store_id, segment, members, spend)
    SELECT %(day)s, store_id, segment, sum(members), sum(spend)
    FROM night_totals GROUP BY store_id, segment"""
CELL_TOTALS = """
    INSERT INTO segmentation_celltotal (store_id, r, f, members)
    SELECT store_id, r, f, sum(members) FROM night_totals GROUP BY store_id, r, f"""
CLUSTER_TOTALS = """
    INSERT INTO segmentation_clustertotal (store_id, cluster, members, spend)
    SELECT store_id, cluster, sum(members), sum(spend)
    FROM night_totals WHERE cluster IS NOT NULL GROUP BY store_id, cluster"""


def read(run: NightlyRun) -> tuple[datetime, list[tuple[date, date]]]:
    """When the imports were looked at, and the spans of days whose figures may have changed."""
    now = timezone.now()
    last = NightlyRun.objects.filter(imports_until__isnull=False).order_by("-as_of").first()
    days = _days_touched(run, last) if last else _days_sold()
    return now, _spans(days | {run.as_of}, until=run.as_of)


def write(run: NightlyRun, found: tuple[datetime, list[tuple[date, date]]]) -> Outcome:
    now, spans = found
    rows = sum(store_days_rebuild(first=first, last=last) for first, last in spans)
    return Outcome(rows, {"imports_until": now.isoformat()})


STAGE = Stage(read, write)


def totals_write(run: NightlyRun) -> int:
    """Replace the sums by those of the scores published in this transaction; how many are scored."""
    with connection.cursor() as cursor:
        cursor.execute(TOTALS)
        cursor.execute("DELETE FROM segmentation_segmenttotal WHERE day = %s", [run.as_of])
        cursor.execute("DELETE FROM segmentation_celltotal")
        cursor.execute("DELETE FROM segmentation_clustertotal")
        for statement in (SEGMENT_TOTALS, CELL_TOTALS, CLUSTER_TOTALS):
            cursor.execute(statement, {"day": run.as_of})
        cursor.execute("SELECT coalesce(sum(members), 0) FROM night_totals")
        return int(cursor.fetchone()[0])


def _days_touched(run: NightlyRun, last: NightlyRun) -> set[date]:
    assert last.imports_until is not None
    with connection.cursor() as cursor:
        cursor.execute(TOUCHED, {"since": last.imports_until - OVERLAP})
        touched = {day for (day,) in cursor.fetchall()}
    return touched | set(_span(last.as_of, run.as_of))


def _days_sold() -> set[date]:
    ends = Receipt.unscoped.aggregate(first=Min("business_day"), last=Max("business_day"))
    return set(_span(ends["first"], ends["last"])) if ends["first"] else set()


def _span(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def _spans(days: Iterable[date], *, until: date) -> list[tuple[date, date]]:
    """The days and the BUYER_DAYS after each, whose repeat and active members they decide."""
    spans: list[tuple[date, date]] = []
    for day in sorted(day for day in days if day <= until):
        end = min(day + timedelta(days=BUYER_DAYS), until)
        if spans and day <= spans[-1][1] + timedelta(days=1):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((day, end))
    return spans
