"""Look before you import: the very same merge in a transaction that is rolled back, and what it did.

What is kept of it is a report, sealed, in which whatever is of a person is masked.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from organization.imports.masking import problem_shown
from organization.imports.runner import column_labels, import_merge
from organization.imports.tally import Problem, Tally
from organization.jobs import Progress
from organization.models import Import, Job

MOST_ROWS, MOST_PROBLEMS, MOST_NEW = 50, 200, 50
COUNTS = ("read", "added", "updated", "unchanged", "ignored", "quarantined")


@dataclass(frozen=True)
class Preview:
    """Rows as they would be stored, personal values masked; what would be made on the way, and its fate."""

    header: list[str]
    rows: list[list[str]]
    new: list[tuple[str, str]] = field(default_factory=list)


_previews: dict[str, Callable[[Import], Preview]] = {}


def register(kind: str, preview: Callable[[Import], Preview]) -> None:
    """How rows of a kind are shown; called within the transaction that wrote them."""
    _previews[kind] = preview


def written_now(model: type[models.Model]) -> "models.QuerySet[Any]":
    """Rows that this transaction wrote."""
    rows = model._default_manager.all()
    return rows.extra(where=[f"age({model._meta.db_table}.xmin) <= age(pg_current_xact_id()::xid)"])


def import_check(job: Job, record: Import, progress: Progress) -> None:
    """Run the import, note what it did, and take it back."""
    with transaction.atomic():
        # Here, too, a number in the sequences is all that stays.
        with transaction.atomic():
            tally = import_merge(record, progress)
            progress.say(_("Noting what would be stored"))
            record.refresh_from_db()
            report = _report(record, tally)
            transaction.set_rollback(True)
        fresh = Import.unscoped.get(pk=record.pk)
        fresh.reading, fresh.report = record.reading, json.dumps(report)
        fresh.checked_at = timezone.now()
        # It will be read as it was checked, whatever becomes of the profile meanwhile.
        fresh.shape, fresh.mapping, fresh.profile = record.shape, record.mapping, record.profile
        fresh.needs_mapping = False
        fresh.save(
            update_fields=["reading", "report", "checked_at", "shape", "mapping", "profile", "needs_mapping"]
        )
        progress.confirm()
    progress.say(_("Checked; nothing was written"))


def _alike(tally: Tally) -> list[tuple[Problem, int]]:
    """The first problem of each column and reason, and how many there are; the most frequent before."""
    first: dict[tuple[str, str], Problem] = {}
    count: Counter[tuple[str, str]] = Counter()
    for row in sorted(tally.problems):
        problem = tally.problems[row]
        first.setdefault((problem.column, problem.reason), problem)
        count[problem.column, problem.reason] += 1
    return [(first[key], n) for key, n in count.most_common(MOST_PROBLEMS)]


def _report(record: Import, tally: Tally) -> dict[str, Any]:
    preview = _previews[record.kind](record)
    labels = column_labels(record.kind)

    def shown(problem: Problem) -> dict[str, Any]:
        return {
            "row": problem.row,
            "column": labels.get(problem.column, problem.column),
            "value": problem_shown(record.kind, problem.column, problem.value[:200]),
            "reason": problem.reason,
        }

    problems = [tally.problems[row] for row in islice(sorted(tally.problems), MOST_PROBLEMS)]
    return {
        "counts": {name: getattr(record, name) for name in COUNTS},
        "made": record.made,
        "amounts": [
            None if amount is None else str(amount)
            for amount in (record.amount_read, record.amount_stored, record.amount_quarantined)
        ],
        "days": [day and day.isoformat() for day in (record.first_day, record.last_day)],
        "groups": [shown(first) | {"count": count} for first, count in _alike(tally)],
        "problems": [shown(problem) for problem in problems],
        "header": preview.header,
        "rows": preview.rows[:MOST_ROWS],
        "new": preview.new[:MOST_NEW],
    }
