"""Keys that outlive FIELD_KEY, and the constant that tells whether FIELD_KEY is the right one."""

from django.db import models

from organization.crypto import EncryptedTextField
from organization.querysets import AdminQuerySet, closed


class Secret(models.Model):
    name = models.CharField(max_length=40, unique=True)
    value = EncryptedTextField()

    unscoped = AdminQuerySet.as_manager()
    objects = closed(AdminQuerySet)
