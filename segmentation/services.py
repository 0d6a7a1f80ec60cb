"""Writes of this app: nights and checks are asked for, scoring is set, clusters and segments get names."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, TypedDict

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from organization.database import lock
from organization.jobs import JobError, job_create
from organization.models import Job, Staff
from organization.services import audit
from sales.models import Receipt
from segmentation.analytics import rfm
from segmentation.models import ClusterModelRow, GroupName, NightlyRun, RfmSettings, ScoreCheck
from segmentation.names import NAMES
from segmentation.nightly.run import KIND, latest_published, refuse_if_older
from segmentation.selectors import scoring_now

CHECK_KIND = "score_check"
# Beyond this, catching up night by night tells nobody anything: only the last one is made.
MOST_MISSED_NIGHTS = 14
FILES_STOPPED_AFTER = timedelta(days=30)
# By then the last business day has ended everywhere (02:00) and the tills have sent their files.
NIGHT_AT = time(3, 30)
# A little less than a week, so that the same hour of the same weekday is late enough.
CHECKED_EVERY = timedelta(days=6, hours=20)


@transaction.atomic
def night_start(*, as_of: date, asked_by: Staff | None, full: bool = False) -> Job:
    """Queue the night of a business day; JobError if it may not be made now.

    full: work out everybody's facts from all receipts, whatever the night before says.
    """
    job = _queue(as_of, asked_by=asked_by, instead_of=None, full=full)
    audit(actor=asked_by, code="night.asked", on=job, data={"as_of": as_of.isoformat(), "full": full})
    return job


def nights_due(today: date) -> list[date]:
    """The nights to make up to yesterday, in order; none while there is nothing to look at."""
    yesterday = today - timedelta(days=1)
    # Where the files have stopped, a night would only age everybody.
    if not Receipt.unscoped.filter(business_day__gt=yesterday - FILES_STOPPED_AFTER).exists():
        return []
    latest = latest_published()
    if latest is None:
        return [yesterday]
    missed = (yesterday - latest.as_of).days
    if missed > MOST_MISSED_NIGHTS:
        return [yesterday]
    return [latest.as_of + timedelta(days=number) for number in range(1, missed + 1)]


def night_queue_daily() -> Job | None:
    """Queue the earliest night that is due, once a day after 03:30 of the company's time.

    A night that failed is tried again the next day, or when somebody asks for it.
    """
    begins = timezone.make_aware(datetime.combine(timezone.localdate(), NIGHT_AT))
    if timezone.now() < begins:
        return None
    queued = Job.unscoped.filter(kind=KIND, asked_by=None, created_at__gte=begins)
    return None if queued.exists() else night_queue_next()


def night_queue_next(finished: Job | None = None) -> Job | None:
    """Queue the earliest night that is due.

    One night is queued at a time and each queues the next when it ends, so missed nights are made
    in order; one that fails holds back the later ones until it is made or an admin starts a later
    night. A night that somebody asked for queues nothing: they chose the day.
    """
    if finished and finished.asked_by_id:
        return None
    due = nights_due(timezone.localdate())
    if not due:
        return None
    try:
        return _queue(due[0], asked_by=None, instead_of=finished)
    except JobError:  # A night is being made already; it will queue the next.
        return None


def night_help(run_id: int) -> int:
    """Work out shards of a night under way, until none is free; how many."""
    from segmentation.nightly.shards import help_with  # Pages need not wait for numpy.

    run = NightlyRun.objects.filter(pk=run_id).first()
    return help_with(run) if run else 0


@transaction.atomic
def score_check_start(*, asked_by: Staff | None) -> Job:
    """Queue a check of published scores; JobError if one is waiting or there is nothing to check."""
    lock(ScoreCheck)
    if latest_published() is None:
        raise JobError(_("No night has been made yet, so there is nothing to check."))
    if Job.unscoped.all().open().filter(kind=CHECK_KIND).exists():
        raise JobError(_("A check is being made already; wait until it is done."))
    payload = {"week": timezone.localdate().isoformat()}
    job = job_create(kind=CHECK_KIND, label=_("Check of scores"), payload=payload, asked_by=asked_by)
    if asked_by:
        audit(actor=asked_by, code="night.check_asked", on=job)
    return job


def score_check_queue_weekly() -> Job | None:
    """Queue a check where the last is a week old; asked once a day, so one that failed is tried the next."""
    if (
        latest_published() is None
        or ScoreCheck.objects.filter(at__gt=timezone.now() - CHECKED_EVERY).exists()
    ):
        return None
    try:
        return score_check_start(asked_by=None)
    except JobError:  # One is waiting already.
        return None


@transaction.atomic
def cluster_rename(*, label: int, name: str, actor: Staff) -> None:
    """Name a cluster of the published night; an empty name brings back the one made from facts.

    LookupError if there is no such cluster.
    """
    run = latest_published()
    row = ClusterModelRow.objects.select_for_update().filter(run=run).first() if run else None
    if row is None or not 0 <= label < len(row.clusters):
        raise LookupError
    old = row.names.pop(str(label), "")
    if name:
        row.names[str(label)] = name
    row.save(update_fields=["names"])
    audit(
        actor=actor,
        code="cluster.renamed",
        on=row,
        before={"name": old},
        after={"name": name},
        data={"cluster": label},
    )


class Outdated(Exception):
    """Somebody saved another version after the one that this change was made from."""


class ScoringFields(TypedDict):
    """What a version of the settings holds; see RfmSettings."""

    mode: str
    peers: str
    window_days: int
    breaks: dict[str, list[int]]
    grid: list[list[str]]


@transaction.atomic
def scoring_save(*, actor: Staff, fields: ScoringFields, based_on: int | None) -> RfmSettings | None:
    """Add a version of how members are scored, from the next night on; None where nothing differs.

    based_on: the version that was shown when the change was made. ValueError for a grid with a gap or
    break points that do not rise.
    """
    lock(RfmSettings)
    before = scoring_now()
    if before.pk != based_on:
        raise Outdated
    rfm.check_grid(fields["grid"])
    for points in fields["breaks"].values():
        rfm.check_breaks(points)
    was, becomes = _scoring_facts(before), _scoring_facts(RfmSettings(**fields))
    changed = [name for name, value in becomes.items() if value != was[name]]
    if not changed:
        return None
    saved: RfmSettings = RfmSettings.objects.create(**fields, changed_by=actor)
    audit(
        actor=actor,
        code="scoring.changed",
        on=saved,
        before={name: was[name] for name in changed},
        after={name: becomes[name] for name in changed},
    )
    return saved


def _scoring_facts(settings: RfmSettings) -> dict[str, Any]:
    """Each thing that can change by itself: a mode, a row of break points, a cell of the grid."""
    cells = {
        f"R{r} F{f}": segment for r, row in enumerate(settings.grid, 1) for f, segment in enumerate(row, 1)
    }
    breaks = {name.upper(): settings.breaks[name] for name in "rfm"}
    facts = {"mode": settings.mode, "peers": settings.peers, "window_days": settings.window_days}
    return {**facts, **breaks, **cells}


@transaction.atomic
def group_names_save(*, actor: Staff, names: Mapping[str, tuple[str, str]]) -> bool:
    """Name segments and value classes in Chinese and English, at once; whether anything changed.

    names: by code, all of them. An empty name brings back the default.
    """
    lock(GroupName)
    was = {name.code: [name.zh, name.en] for name in GroupName.objects.all()}
    changed = [code for code, pair in names.items() if list(pair) != was.get(code, ["", ""])]
    if not changed:
        return False
    GroupName.objects.filter(code__in=changed).delete()
    named = [code for code in changed if any(names[code])]
    GroupName.objects.bulk_create(
        GroupName(code=code, zh=names[code][0], en=names[code][1]) for code in named
    )
    audit(
        actor=actor,
        code="scoring.named",
        before={code: _both(was.get(code, ["", ""])) for code in changed},
        after={code: _both(names[code]) for code in changed},
    )
    NAMES.forget()
    transaction.on_commit(NAMES.forget)
    return True


def _both(names: Sequence[str]) -> str:
    return " / ".join(name or "–" for name in names) if any(names) else ""


@transaction.atomic
def _queue(as_of: date, *, asked_by: Staff | None, instead_of: Job | None, full: bool = False) -> Job:
    lock(NightlyRun)
    refuse_if_older(as_of)
    if as_of >= timezone.localdate():
        raise JobError(_("That day is not over yet; choose yesterday or an earlier day."))
    others = Job.unscoped.all().open().filter(kind=KIND)
    if instead_of:
        others = others.exclude(pk=instead_of.pk)
    if others.exists():
        raise JobError(_("A night is being made already; wait until it is done."))
    label = _("Night of %(day)s") % {"day": as_of}
    payload = {"as_of": as_of.isoformat()} | ({"full": True} if full else {})
    return job_create(kind=KIND, label=label, payload=payload, asked_by=asked_by)
