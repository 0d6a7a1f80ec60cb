"""A redeemed voucher keeps the receipts it was redeemed with: their import cannot be undone."""

from collections.abc import Iterator

from django.db import connection
from django.utils.translation import ngettext

from organization.models import Import


def vouchers_redeemed(record: Import) -> Iterator[str]:
    # unscoped: sums only, for who may undo the import
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT c.name, count(DISTINCT d.id) FROM campaigns_redemption d
                 JOIN campaigns_campaign c ON c.id = d.campaign_id
                 JOIN sales_receipt r ON r.member_id = d.member_id AND r.business_day = d.day
                WHERE r.imported_by_id = %s GROUP BY c.id ORDER BY c.id""",
            [record.pk],
        )
        for campaign, n in cursor.fetchall():
            sentence = ngettext(
                "%(n)s voucher of the campaign %(campaign)s was redeemed with receipts of this import.",
                "%(n)s vouchers of the campaign %(campaign)s were redeemed with receipts of this import.",
                n,
            )
            yield sentence % {"n": f"{n:,}", "campaign": campaign}
