"""Undo of a whole import, as a job: what is there afterwards is as if the file had never come.

The app that owns a kind of file registers how it is undone; whoever builds on its rows registers what
stands against it. See docs/decisions/0021-undo.md.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from organization.imports.runner import imports_hold
from organization.jobs import JobError, Progress
from organization.models import Import, ImportKind, ImportRest, Job, QuarantinedRow, RowBefore
from organization.services.audit import audit

KIND = "undo"


@dataclass
class Undone:
    """How many rows of each thing an undo took away, put back or kept; the days whose sums changed."""

    counts: dict[str, int]
    days: tuple[date, date] | None = None


@dataclass(frozen=True)
class Undoer:
    undo: Callable[[Import, Progress], Undone]
    # Sentences for who is about to ask: what goes, what comes back, what stays.
    explained: tuple[Promise, ...]


Check = Callable[[Import], Iterable[str]]
_undoers: dict[str, Undoer] = {}
_checks: dict[str, list[Check]] = {}
_journals: list[type[models.Model]] = [RowBefore]


def register(kind: str, undoer: Undoer, *, journals: Iterable[type[models.Model]] = ()) -> None:
    """`journals` are models with a column `changed_by`: what was there before an import."""
    _undoers[kind] = undoer
    _journals.extend(journal for journal in journals if journal not in _journals)


def refuse_where(kind: str, check: Check) -> None:
    """Have a check say, in sentences, what depends on an import of this kind; nothing if nothing does."""
    _checks.setdefault(kind, []).append(check)


def explained(record: Import) -> list[str]:
    return [str(sentence) for sentence in _undoers[record.kind].explained]


def keeps_journal(kind: str) -> bool:
    return kind in _undoers


def journals_forget(imports: Iterable[Import]) -> int:
    """What was there before these imports is no longer kept; how many rows that were."""
    pks = [record.pk for record in imports]
    rows = [journal._base_manager.filter(changed_by__in=pks).delete()[0] for journal in _journals]
    ImportRest.unscoped.filter(on__in=pks).delete()
    return sum(rows)


def obstacles(record: Import) -> list[str]:
    """Why an import cannot be undone, in sentences; empty if it can."""
    if found := _never(record):
        return [found]
    return [
        *_rests(record),
        *(sentence for check in _checks.get(record.kind, ()) for sentence in check(record)),
    ]


def _never(record: Import) -> str:
    """What no other undo can mend."""
    if record.undone_at:
        return _("This import is undone already.")
    if not record.finished_at:
        return _("Only an import that has ended can be undone.")
    if record.kind == ImportKind.STAFF:
        return _(
            "Accounts have been used since, so they are not taken back; deactivate them on the page Staff."
        )
    if not record.is_journaled:
        return _("What was there before this import was not kept, so it cannot be undone.")
    if record.forgotten_at or record.finished_at < timezone.now() - timedelta(days=settings.RETENTION_DAYS):
        return _("It ended more than %(n)s days ago; what was there before is no longer kept.") % {
            "n": settings.RETENTION_DAYS
        }
    return ""


def _rests(record: Import) -> list[str]:
    """Later files whose rows changed nothing because this import had brought them."""
    rests = ImportRest.unscoped.filter(on=record).select_related("source_import").order_by("source_import")
    return [
        ngettext(
            "%(n)s row of %(file)s, which came later, changed nothing because this import had brought it."
            " Undo that import first.",
            "%(n)s rows of %(file)s, which came later, changed nothing because this import had brought them."
            " Undo that import first.",
            rest.rows,
        )
        % {"n": f"{rest.rows:,}", "file": rest.source_import.file_name}
        for rest in rests
    ]


def scratch(cursor: Any, name: str, query: str, params: Any = None) -> None:
    """The rows of a query in a temporary table, until this transaction ends or it is made again."""
    cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
    cursor.execute(f"CREATE TEMP TABLE {name} ON COMMIT DROP AS {query}", params)
    cursor.execute(f"ANALYZE {name}")


def undo_run(job: Job, progress: Progress) -> None:
    """Job handler. One transaction: an undo that is killed leaves nothing behind and starts again."""
    with transaction.atomic():
        progress.say(_("Waiting until no import runs"))
        imports_hold()
        record = Import.unscoped.select_for_update(of=("self",)).get(pk=job.payload["import"])
        if record.undone_at:
            return  # It was committed, and its worker died before it could say so.
        if found := obstacles(record):
            raise JobError(" ".join(found))
        done = _undoers[record.kind].undo(record, progress)
        _note(record, done, job)
        progress.confirm()
    progress.say(_("Undone"))


def _note(record: Import, done: Undone, job: Job) -> None:
    """The days are kept for the next night, which makes their sums anew."""
    if done.days:
        days = [day for day in (record.first_day, record.last_day, *done.days) if day]
        record.first_day, record.last_day = min(days), max(days)
    for journal in _journals:
        journal._base_manager.filter(changed_by=record).delete()
    record.rests.all().delete()
    record.quarantine.all().delete()
    QuarantinedRow.unscoped.filter(taken_by=record).update(taken_by=None)  # They wait to be mended again.
    record.undone_at, record.undone_by = timezone.now(), job.asked_by
    record.save(update_fields=["first_day", "last_day", "undone_at", "undone_by"])
    data = {"kind": record.kind, "rows": {name: n for name, n in done.counts.items() if n}}
    audit(actor=job.asked_by, code="import.undone", on=record, data=data)
