"""What the watch page and alerts say; one line per entry of the beat schedule and per trouble."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

TASKS: dict[str, StrOrPromise] = {
    "tick": _("Take up lost work"),
    "nightly": _("Score last night"),
    "check_scores": _("Check a sample of scores, once a week"),
    "audit": _("Verify the audit trail"),
    "deliver": _("Send waiting messages"),
    "forget": _("Delete uploads whose time is over"),
}

SENTENCES: dict[str, StrOrPromise] = {
    "overdue": _("“%(task)s” is overdue: it should have run at %(at)s."),
    "failed": _("“%(task)s” failed at %(at)s."),
    "waiting": _("Jobs that have waited for more than ten minutes: %(n)s."),
    "workers": _("No worker has been seen since %(at)s, so nothing that takes long is done."),
    "no workers": _("No worker has ever been seen, so nothing that takes long is done."),
    "broker": _("The broker does not answer; work is taken up late."),
    "audit": _("The audit trail is not as it was written; breaks found: %(n)s."),
    "scores": _("Scores of the night of %(day)s are not what the receipts say; differences: %(n)s."),
}
# What to do about it.
REMEDIES: dict[str, StrOrPromise] = {
    "overdue": _("See that the scheduler and a worker run."),
    "failed": _("It is tried again when it is due; the log says why it failed."),
    "waiting": _("The workers are too few, or none runs."),
    "workers": _("Start Huiyan again where it runs: what waits is then taken up by itself."),
    "no workers": _("Start Huiyan again where it runs: what waits is then taken up by itself."),
    "broker": _("Start Valkey again where it runs."),
    "scores": _(
        "The page “Nights” shows which. Start the night again with every member looked at, then check again."
    ),
    "audit": _("The page “Audit trail” shows where. Keep the database as it is, and the backups before it."),
}


def task_label(name: str) -> StrOrPromise:
    return TASKS.get(name, name)


def remedy(key: str) -> StrOrPromise:
    return REMEDIES.get(key.partition(":")[0], "")


def sentence(key: str, values: Mapping[str, Any]) -> str:
    """The first part of a key names the sentence; times are stored in UTC and read where one is."""
    kind = key.partition(":")[0]
    shown = dict(values)
    if "task" in shown:
        shown["task"] = task_label(shown["task"])
    if at := parse_datetime(str(shown.get("at", ""))):
        shown["at"] = f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
    return str(SENTENCES[kind]) % shown
