"""Long work."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from organization.models.staff import Staff
from organization.querysets import JobQuerySet, closed


class Job(models.Model):
    """A long piece of work: who asked, how far it is, what went wrong. See organization/jobs.py."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    kind = models.CharField(max_length=40)
    label = models.CharField(max_length=200)
    payload = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    done_parts = models.BigIntegerField(default=0)
    all_parts = models.BigIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)
    error = models.TextField(blank=True)
    log = models.TextField(blank=True)
    asked_by = models.ForeignKey(Staff, models.SET_NULL, null=True, related_name="jobs")
    # Of the page it was asked on: its sentences are for the person who asked.
    language = models.CharField(max_length=10, db_default="en")
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease = models.UUIDField(null=True)

    unscoped = JobQuerySet.as_manager()
    objects = closed(JobQuerySet)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-id"]
        indexes = [models.Index(fields=["status", "heartbeat_at"])]

    def __str__(self) -> str:
        return self.label

    @property
    def progress_percent(self) -> int:
        if self.status == self.Status.DONE:
            return 100
        return min(99, 100 * self.done_parts // self.all_parts) if self.all_parts else 0

    @property
    def is_open(self) -> bool:
        return self.status in (self.Status.QUEUED, self.Status.RUNNING)

    @property
    def log_lines(self) -> list[str]:
        return self.log.splitlines()
