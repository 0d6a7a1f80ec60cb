"""What is stored, as a count and a digest of each table; two runs of one plan must agree in all of them.

Rows are told apart by what the files call them, for ids are used up by imports that were rolled back.
Left out is what each run draws or notes for itself: moments of its clock, keys, sealed bytes.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection

from members.models import Member
from organization.models import QuarantinedRow
from organization.trail.verification import verify

Figures = dict[str, tuple[int, str]]

WHO = """
WITH who AS (
    SELECT member_id, min(kind || encode(lookup, 'hex')) AS who FROM members_memberidentity GROUP BY member_id
)"""
RECEIPT = """store.code, source.name, receipt.number, receipt.epoch, who.who, receipt.business_day,
    receipt.moment, receipt.minute, receipt.till, receipt.clerk, receipt.channel, receipt.tender,
    receipt.is_return, receipt.total, receipt.original_number, receipt.returned"""
OF_RECEIPT = """JOIN organization_store store ON store.id = receipt.store_id
    JOIN organization_source source ON source.id = receipt.source_id
    LEFT JOIN who ON who.member_id = receipt.member_id"""
QUERIES = {
    "stores": """SELECT store.code, store.name, store.name_en, licence_number, region.name, time_zone,
        closing_hour, is_active
        FROM organization_store store JOIN organization_region region ON region.id = region_id""",
    "products": """SELECT code, product.name, brand.name, manufacturer, category, is_tobacco,
        price_class, format, capsule, tar, packs_per_carton, retail_price, buy_price, is_matched
        FROM sales_product product LEFT JOIN sales_brand brand ON brand.id = brand_id""",
    "barcodes": """SELECT barcode, code, is_carton
        FROM sales_productbarcode JOIN sales_product product ON product.id = product_id""",
    "identities": """SELECT who.who, kind, encode(lookup, 'hex')
        FROM members_memberidentity JOIN who USING (member_id)""",
    "age verifications": """SELECT who, method, verified_at, clerk, source
        FROM members_ageverification JOIN who USING (member_id)""",
    "consents": """SELECT who, channel, purpose, granted, source
        FROM members_consent JOIN who USING (member_id)""",
    "self-exclusions": "SELECT who, source FROM members_selfexclusion JOIN who USING (member_id)",
    "receipts": f"SELECT {RECEIPT} FROM sales_receipt receipt {OF_RECEIPT}",
    "replaced receipts": f"SELECT {RECEIPT} FROM sales_receipthistory receipt {OF_RECEIPT}",
    "receipt lines": f"""SELECT store.code, source.name, receipt.number, receipt.epoch, who.who, line_number,
        line.business_day, product.code, quantity, packs, is_carton, amount, discount, line.buy_price
        FROM sales_receiptline line JOIN sales_receipt receipt ON receipt.id = line.receipt_id
        JOIN sales_product product ON product.id = line.product_id {OF_RECEIPT}""",
    "imports": """SELECT kind, file_name, read, added, updated, unchanged, ignored, quarantined, made,
        amount_read, amount_stored, amount_quarantined, first_day, last_day, finished_at IS NULL
        FROM organization_import""",
    "jobs": "SELECT kind, label, status FROM organization_job",
    "store days": """SELECT store.code, day, sales, receipts, packs, member_sales, member_receipts,
        buyers, repeat_buyers, active_members
        FROM sales_storeday JOIN organization_store store ON store.id = store_id""",
    "store hours": """SELECT store.code, day, hour, receipts, member_receipts, sales
        FROM sales_storehour JOIN organization_store store ON store.id = store_id""",
    "nights": """SELECT as_of, window_days, published_at IS NULL, members_scored, score_shares
        FROM segmentation_nightlyrun""",
    "stages": """SELECT as_of, name, status, rows
        FROM segmentation_nightlystage JOIN segmentation_nightlyrun run ON run.id = run_id""",
    "scores": """SELECT who, brand.name, to_jsonb(score) - 'member_id' - 'top_brand'
        FROM segmentation_memberscore score JOIN who USING (member_id)
        LEFT JOIN sales_brand brand ON brand.id = top_brand""",
    "scores not published": """SELECT run_id FROM segmentation_pendingfacts
        UNION ALL SELECT run_id FROM segmentation_pendingrank""",
    "changes": """SELECT who, day, to_jsonb(change) - 'id' - 'member_id'
        FROM segmentation_scorechange change JOIN who USING (member_id)""",
    "segment totals": """SELECT day, store.code, segment, members, spend
        FROM segmentation_segmenttotal JOIN organization_store store ON store.id = store_id""",
    "cell totals": """SELECT store.code, r, f, members
        FROM segmentation_celltotal JOIN organization_store store ON store.id = store_id""",
    "cluster totals": """SELECT store.code, cluster, members, spend
        FROM segmentation_clustertotal JOIN organization_store store ON store.id = store_id""",
    "cluster models": """SELECT as_of, model, fitted_on, clusters, names
        FROM segmentation_clustermodelrow JOIN segmentation_nightlyrun run ON run.id = run_id""",
    "campaigns": """SELECT name, segment, channel, offer, horizon_days, status, salt, starts_on, ends_on,
        scores_as_of, rules_version FROM campaigns_campaign""",
    "removals": """SELECT campaign.name, store.code, reason, members FROM campaigns_removal
        JOIN campaigns_campaign campaign ON campaign.id = campaign_id
        JOIN organization_store store ON store.id = store_id""",
    "assignments": """SELECT campaign.name, who, bucket, treated, store.code FROM campaigns_assignment
        JOIN campaigns_campaign campaign ON campaign.id = campaign_id JOIN who USING (member_id)
        JOIN organization_store store ON store.id = home_store_id""",
    "messages": """SELECT campaign.name, who, message.channel, message.status, body, reason, sent_at IS NULL
        FROM campaigns_message message JOIN campaigns_campaign campaign ON campaign.id = campaign_id
        JOIN who USING (member_id)""",
    "arm totals": """SELECT campaign.name, store.code, treated, n, buyers, sum_y, sum_yy, sum_x, sum_xx,
        sum_xy, attributed, goods_sales, goods_cost FROM campaigns_armtotal
        JOIN campaigns_campaign campaign ON campaign.id = campaign_id
        LEFT JOIN organization_store store ON store.id = store_id""",
    "campaign results": """SELECT name, as_of, daily
        FROM campaigns_campaignresult JOIN campaigns_campaign campaign ON campaign.id = campaign_id""",
    # Who logs in is the visitor, as often as it must.
    "audit events": "SELECT code, object_type FROM organization_auditevent WHERE code NOT LIKE 'staff.log%'",
}


def figures() -> Figures:
    """Rows and digest of every table; what must be empty has none."""
    found = {name: _digest(_rows(query)) for name, query in QUERIES.items()}
    found["members"] = _digest(_members())
    found["rows set aside"] = _digest(_set_aside())
    found["breaks of the audit trail"] = _digest((str(one),) for one in verify().breaks)
    return found


def differences(one: Figures, other: Figures) -> list[str]:
    """A line for each figure in which two runs do not agree."""
    return [
        f"{name}: {one.get(name)} and {other.get(name)}"
        for name in sorted({*one, *other})
        if one.get(name) != other.get(name)
    ]


def _digest(rows: Iterable[tuple[Any, ...]]) -> tuple[int, str]:
    """Equal for equal rows in any order; a row that is there twice counts twice."""
    texts = sorted(repr(row) for row in rows)
    return len(texts), hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def _rows(query: str) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(WHO + query)
        yield from cursor.fetchall()


def _members() -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(WHO + "SELECT member_id, who FROM who")
        who = dict(cursor.fetchall())
    fields = ("name", "sex", "birth_date", "enrolled_on", "enrolment_store__code", "home_store__code")
    for key, *values in Member.unscoped.values_list("pk", *fields):
        yield who.get(key), *values


def _set_aside() -> Iterator[tuple[Any, ...]]:
    fields = ("source_import__file_name", "row", "column", "value", "reason", "raw")
    yield from QuarantinedRow.unscoped.values_list(*fields)
