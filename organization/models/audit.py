"""The audit trail: events, and the seals that chain them. See organization/trail/."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from organization.models.staff import Staff
from organization.querysets import AdminQuerySet, closed


class AuditEvent(models.Model):
    """What somebody did. Written by services in the transaction of the change itself.

    The database refuses to change, remove or empty these rows, and seals each as it is committed.
    """

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    code = models.CharField(max_length=60)  # namespaced, as in "campaign.started"
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.BigIntegerField(null=True)
    before = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    after = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    unscoped = AdminQuerySet.as_manager()
    objects = closed(AdminQuerySet)

    class Meta:
        indexes = [
            models.Index(fields=["object_type", "object_id"]),
            models.Index(fields=["code", "id"], name="audit_event_code"),
        ]


class AuditSeal(models.Model):
    """The place of an event in the chain; `hash` covers the seal before and the event's text.

    Written by the database alone. `event` is no foreign key: a seal outlives a removed event.
    """

    seq = models.BigIntegerField(primary_key=True)
    event_id = models.BigIntegerField(unique=True)
    hash = models.BinaryField()

    unscoped = AdminQuerySet.as_manager()
    objects = closed(AdminQuerySet)


class AuditHead(models.Model):
    """One row: the last seal. Its lock orders the transactions that seal."""

    id = models.SmallIntegerField(primary_key=True)
    seq = models.BigIntegerField()
    hash = models.BinaryField()

    unscoped = AdminQuerySet.as_manager()
    objects = closed(AdminQuerySet)


class AuditCheck(models.Model):
    """What a verification found: the head it came to, and every break in the chain."""

    at = models.DateTimeField(auto_now_add=True)
    seq = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    # The first breaks (see organization/trail/verification.py) and how many there are in all.
    breaks = models.JSONField(default=list)
    break_count = models.IntegerField(default=0)

    unscoped = AdminQuerySet.as_manager()
    objects = closed(AdminQuerySet)
