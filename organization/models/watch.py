"""Is everything running? What the watch page and alerts are made from; see organization/watch/."""

from django.db import models
from django.db.models import Q

from organization.querysets import AdminQuerySet, closed


class ScheduledTask(models.Model):
    """One entry of the beat schedule: when it last began and ended. Written by the task itself."""

    name = models.CharField(max_length=60, unique=True)
    known_since = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    has_failed = models.BooleanField(default=False)

    unscoped = AdminQuerySet.as_manager()
    objects = closed(AdminQuerySet)


class WorkerBeat(models.Model):
    """A worker that lives: it says so every 15 s, and takes its row away when it stops in order."""

    name = models.CharField(max_length=100, unique=True)
    started_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField()

    unscoped = AdminQuerySet.as_manager()
    objects = closed(AdminQuerySet)


class Alert(models.Model):
    """Something was wrong from `since` until `until`; it ends when its cause does."""

    key = models.CharField(max_length=80)  # as in "overdue nightly"; one open alert each
    values = models.JSONField(default=dict)  # of its sentence
    since = models.DateTimeField(auto_now_add=True)
    until = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    unscoped = AdminQuerySet.as_manager()
    objects = closed(AdminQuerySet)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=Q(until=None), name="alert_open_once")
        ]
