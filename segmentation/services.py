"""Writes of this app: nights are asked for, clusters get names."""

from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from organization.jobs import JobError, job_create
from organization.models import Job, Staff
from organization.services import audit
from sales.models import Receipt
from segmentation.models import ClusterModelRow, NightlyRun
from segmentation.nightly.columns import lock
from segmentation.nightly.run import KIND, latest_published, refuse_if_older

# Beyond this, catching up night by night tells nobody anything: only the last one is made.
MOST_MISSED_NIGHTS = 14
FILES_STOPPED_AFTER = timedelta(days=30)
# By then the last business day has ended everywhere (02:00) and the tills have sent their files.
NIGHT_AT = time(3, 30)


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
