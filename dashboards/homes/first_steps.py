"""The admin's home before the first night: what is done of the way, and what comes next."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from organization import company
from organization.models import Import, ImportKind, Job, Staff
from organization.selectors import file_kinds
from sales.models import Receipt
from segmentation.selectors import latest_night_job


@dataclass(frozen=True)
class Step:
    title: str
    hint: str
    is_done: bool
    url: str
    go: str
    record: Import | None = None  # The file that came last.


def context(staff: Staff) -> dict[str, Any]:
    day = first_night_day(staff)
    steps = [_company_step(), *_file_steps(staff)]
    waiting = next((step for step in steps if not step.is_done), None)
    job = latest_night_job(staff)
    return {
        "title": _("First steps"),
        "steps": steps,
        "next": waiting,
        "night": day,
        "job": job if job and job.status != Job.Status.DONE else None,
    }


def first_night_day(staff: Staff) -> date | None:
    """Yesterday, or the last day with receipts where they end earlier; None while there are none."""
    last: date | None = Receipt.objects.visible_to(staff).aggregate(last=Max("business_day"))["last"]
    return min(last, timezone.localdate() - timedelta(days=1)) if last else None


def _company_step() -> Step:
    return Step(
        _("Company"),
        _("Its name, the sender of messages, its time zone and the minimum age."),
        company.saved() is not None,
        reverse("company"),
        _("Look"),
    )


def _file_steps(staff: Staff) -> list[Step]:
    hints = {
        ImportKind.STORES: _("Typed by hand or as a file; every other file names them."),
        ImportKind.PRODUCTS: _("What a barcode is: brand, price class, tobacco or not."),
        ImportKind.MEMBERS: _("Cards and phones, age verification and consents."),
        ImportKind.SALES: _("Receipts, line by line; from here on a file every day."),
    }
    files = reverse("first_files")
    return [
        Step(
            str(each.kind.label),
            hints[each.kind],
            each.is_here,
            reverse("first_stores") if each.kind == ImportKind.STORES else f"{files}?kind={each.kind}",
            _("Add more") if each.is_here else _("Bring in"),
            each.latest,
        )
        for each in file_kinds(staff)
    ]
