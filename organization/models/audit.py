"""The audit trail."""

from django.db import models

from organization.models.staff import Staff
from organization.querysets import AdminQuerySet, closed


class AuditEvent(models.Model):
    """What somebody changed. Written by services in the transaction of the change itself."""

    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    code = models.CharField(max_length=60)  # namespaced, as in "campaign.started"
    object_type = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    data = models.JSONField(default=dict)

    unscoped = AdminQuerySet.as_manager()
    objects = closed(AdminQuerySet)

    class Meta:
        indexes = [models.Index(fields=["object_type", "object_id"])]
