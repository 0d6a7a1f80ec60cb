"""What admins see of work and health."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Func, IntegerField, QuerySet, Subquery
from django.utils import timezone

from organization.models import Alert, Job, Staff, WorkerBeat
from organization.watch.standing import WORKER_SILENT_AFTER

ALERTS_SHOWN = 8


def alerts_ended(staff: Staff, *, since: datetime) -> QuerySet[Alert]:
    ended: QuerySet[Alert] = Alert.objects.visible_to(staff).filter(until__gt=since)
    return ended.order_by("-until")[:ALERTS_SHOWN]


@dataclass(frozen=True)
class Standing:
    """What every page of an admin shows of work and health."""

    open_jobs: int
    troubles: int


def standing(staff: Staff) -> Standing:
    """In one query, since it is asked with every page."""
    jobs = (
        Job.objects.visible_to(staff)
        .open()
        .order_by()
        .values(n=Func(template="count(*)", output_field=IntegerField()))
    )
    alerts = Alert.objects.visible_to(staff).filter(until=None).values("key")
    workers = WorkerBeat.objects.visible_to(staff).order_by("-seen_at").values("seen_at")
    found = Staff.objects.filter(pk=staff.pk).values_list(
        Subquery(jobs), ArraySubquery(alerts), Subquery(workers[:1])
    )
    open_jobs, troubles, seen_at = found.get()
    # Where no worker is left, none is there to raise the alert.
    is_silent = seen_at is not None and seen_at < timezone.now() - WORKER_SILENT_AFTER
    return Standing(open_jobs, len({*troubles, *(["workers"] if is_silent else [])}))
