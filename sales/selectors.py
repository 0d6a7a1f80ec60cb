"""Reads of receipts."""

from django.db.models import QuerySet

from members.models import Member
from organization.models import Staff
from sales.models import Receipt


def receipts_of(staff: Staff, member: Member) -> QuerySet[Receipt]:
    """What a member bought in the stores this person may see, latest first."""
    seen: QuerySet[Receipt] = Receipt.objects.visible_to(staff).filter(member=member)
    return seen.select_related("store").order_by("-business_day", "-moment", "-pk")
