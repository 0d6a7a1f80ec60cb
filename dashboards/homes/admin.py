"""The admin's home: is yesterday's data in, and is it right?"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboards.campaigns.words import percent
from dashboards.homes import tiles
from dashboards.homes.selectors import day_sums, stores_without_receipts
from dashboards.homes.tiles import Tile
from dashboards.homes.words import as_of_line, count, full_day, late_note, short_day
from members.models import Member
from organization.models import Import, Job, Staff, Store
from segmentation.models import NightlyRun, NightlyStage

FILES_SHOWN, STORES_SHOWN, JOBS_SHOWN = 8, 8, 5


def context(staff: Staff, run: NightlyRun) -> dict[str, Any]:
    days = day_sums(staff, until=run.as_of)
    day = max(days, default=run.as_of)
    silent = list(stores_without_receipts(staff, day=day))
    files = list(Import.objects.visible_to(staff).select_related("job")[:FILES_SHOWN])
    failed = Job.objects.visible_to(staff).filter(status=Job.Status.FAILED)
    failures = failed.count()
    receipts = days[day].receipts if day in days else 0
    return {
        "title": _("Is the data in, and is it right?"),
        "as_of_line": as_of_line(day, run.published_at, receipts),
        "is_alone": Staff.objects.count() == 1,
        "late": _not_in(run) or late_note(day, run.as_of),
        "tiles": [
            *([tiles.receipts(days, day)] if day in days else []),
            _silent_tile(silent, Store.objects.visible_to(staff).active().count()),
            _rows_tile(files),
            _failures_tile(failures),
            _verified_tile(staff),
        ],
        "files": files,
        "silent": silent[:STORES_SHOWN],
        "silent_more": max(0, len(silent) - STORES_SHOWN),
        "silent_answer": _silent_answer(silent, day),
        "run": run,
        "stages": list(NightlyStage.objects.filter(run=run).order_by("started_at")),
        "failed_jobs": list(failed[:JOBS_SHOWN]) if failures else [],
    }


def _not_in(run: NightlyRun) -> str:
    """That nights are missing up to yesterday."""
    yesterday = timezone.localdate() - timedelta(days=1)
    if run.as_of >= yesterday:
        return ""
    words = {"as_of": full_day(run.as_of), "yesterday": short_day(yesterday)}
    return _("The last night is of %(as_of)s; that of %(yesterday)s has not been made yet.") % words


def _silent_tile(silent: Sequence[Store], active: int) -> Tile:
    note = _("of %(n)s active stores") % {"n": count(active)}
    return Tile(name=_("Stores without receipts"), value=count(len(silent)), note=note)


def _rows_tile(files: Sequence[Import]) -> Tile:
    note = ngettext("in the last file", "in the last %(n)s files", len(files)) % {"n": count(len(files))}
    rows = sum(record.quarantined for record in files)
    return Tile(name=_("Rows to fix"), value=count(rows), note=note, url=reverse("imports"))


def _failures_tile(failures: int) -> Tile:
    note = _("to look at") if failures else _("all went through")
    return Tile(name=_("Failed jobs"), value=count(failures), note=note, url=reverse("jobs"))


def _verified_tile(staff: Staff) -> Tile:
    found = Member.objects.visible_to(staff).aggregate(
        members=Count("pk"), verified=Count("age_verification")
    )
    share = percent(found["verified"] / found["members"], 1) if found["members"] else tiles.NONE
    note = _("of %(n)s members") % {"n": count(found["members"])}
    return Tile(name=_("Age verified"), value=share, note=note)


def _silent_answer(silent: Sequence[Store], day: date) -> str:
    if not silent:
        return _("None: every active store has receipts of %(day)s.") % {"day": short_day(day)}
    text = ngettext(
        "%(n)s active store has none of %(day)s. Closed that day, or a file is missing?",
        "%(n)s active stores have none of %(day)s. Closed that day, or a file is missing?",
        len(silent),
    )
    return text % {"n": count(len(silent)), "day": short_day(day)}
