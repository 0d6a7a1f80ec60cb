"""Reads of receipts."""

from datetime import date

from django.db.models import Count, QuerySet

from members.models import Member
from organization.models import Staff, Store
from sales.models import Receipt


def receipts_of(staff: Staff, member: Member) -> QuerySet[Receipt]:
    """What a member bought in the stores this person may see, latest first."""
    seen: QuerySet[Receipt] = Receipt.objects.visible_to(staff).filter(member=member)
    return seen.select_related("store").order_by("-business_day", "-moment", "-pk")


def receipts_by_store(member: Member, *, since: date) -> list[tuple[Store, int]]:
    """How many receipts a member has in each store since a day, most first; returns are not counted."""
    # unscoped: the member asks for the own receipts.
    receipts = Receipt.unscoped.filter(member=member, business_day__gte=since, is_return=False)
    counts = dict(receipts.values_list("store").annotate(n=Count("pk")).order_by())
    # unscoped: the stores of these receipts.
    stores = Store.unscoped.in_bulk(list(counts))
    return sorted(((stores[pk], n) for pk, n in counts.items()), key=lambda row: (-row[1], row[0].code))
