"""Receipts put straight into the tables, and nights made in this process."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import time_machine
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from members.models import Member
from organization.jobs import job_run
from organization.models import Import, Job, Source, Store
from sales.models import Brand, Format, Product, Receipt, ReceiptLine, SaleChannel, StoreDay, StoreHour
from segmentation.models import (
    CellTotal,
    ClusterModelRow,
    ClusterTotal,
    FactFields,
    MemberScore,
    ScoreChange,
    SegmentTotal,
)
from segmentation.services import night_start

_numbers = count(1)
NIGHT = date(2025, 6, 30)


def a_product(code: str = "P1", *, brand: str = "云岭", tobacco: bool = True, slim: bool = False) -> Product:
    return Product.objects.create(
        code=code,
        name=code,
        brand=Brand.objects.get_or_create(name=brand)[0],
        is_tobacco=tobacco,
        price_class=3 if tobacco else None,
        format=Format.SLIM if slim else Format.REGULAR,
    )


def an_import() -> Import:
    source, _made = Source.objects.get_or_create(name="till")
    return Import.unscoped.create(
        kind="sales", source=source, file_name="a.csv", path="a.csv", finished_at=timezone.now()
    )


def a_receipt(
    store: Store,
    day: date,
    member: Member | None = None,
    *,
    total: str = "20.00",
    minute: int = 600,
    lines: Sequence[tuple[Product, int]] = (),
    is_return: bool = False,
    returned: str = "0.00",
    original: str = "",
    number: str = "",
    imported_by: Import | None = None,
) -> Receipt:
    """One receipt; its lines (product, packs) share the total by packs."""
    source, _made = Source.objects.get_or_create(name="till")
    moment = datetime(
        day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=ZoneInfo("Asia/Shanghai")
    )
    receipt = Receipt.unscoped.create(
        store=store,
        source=source,
        number=number or f"N{next(_numbers)}",
        member=member,
        business_day=day,
        moment=moment,
        minute=minute,
        till="1",
        clerk="1",
        channel=SaleChannel.COUNTER,
        tender="CASH",
        is_return=is_return,
        total=Decimal(total),
        original_number=original,
        returned=Decimal(returned),
        content=0,
        imported_by=imported_by or an_import(),
    )
    packs = sum(number for _product, number in lines)
    ReceiptLine.unscoped.bulk_create(
        ReceiptLine(
            receipt=receipt,
            line_number=place,
            store=store,
            member=member,
            business_day=day,
            product=product,
            quantity=number,
            packs=number if product.is_tobacco else 0,
            is_carton=False,
            amount=Decimal(total) * number / packs,
            discount=0,
        )
        for place, (product, number) in enumerate(lines, 1)
    )
    return receipt


def make_night(as_of: date = NIGHT, *, full: bool = False) -> Job:
    """Make a night as a worker would on the morning after; the job as it ended."""
    with morning_after(as_of):
        job = night_start(as_of=as_of, asked_by=None, full=full)
        job_run(job.pk)
    job.refresh_from_db()
    return job


def morning_after(day: date) -> time_machine.travel:
    return time_machine.travel(f"{day + timedelta(days=1)} 03:30+08:00", tick=True)


def days_before(number: int, day: date = NIGHT) -> date:
    return day - timedelta(days=number)


def published_rows() -> dict[str, list[Any]]:
    """All that a night shows, without the ids that are new each time."""
    shown: tuple[QuerySet[Any], ...] = (
        MemberScore.unscoped.all(),
        ScoreChange.unscoped.all(),
        SegmentTotal.unscoped.all(),
        CellTotal.unscoped.all(),
        ClusterTotal.unscoped.all(),
        StoreDay.unscoped.all(),
        StoreHour.unscoped.all(),
    )
    rows: dict[str, list[Any]] = {
        table.model.__name__: sorted(map(_without_id, table.values()), key=str) for table in shown
    }
    rows["homes"] = list(Member.unscoped.order_by("pk").values_list("pk", "home_store_id"))
    models = ClusterModelRow.objects.order_by("run__as_of")
    rows["models"] = list(models.values_list("model", "clusters", "names", "fitted_on"))
    return rows


def spoil_facts(whose: str = "true") -> None:
    """Make published facts wrong, so that whoever publishes the right ones has worked them out."""
    facts = [field for field in FactFields._meta.local_concrete_fields if not field.null]
    wrong = ", ".join(f"{field.attname} = {field.attname} + 1" for field in facts)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE segmentation_memberscore SET {wrong} WHERE {whose}")


def _without_id(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "id"}
