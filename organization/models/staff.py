"""Accounts: a role, and the stores or regions it is for."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from organization.models.stores import Region, Store


class Role(models.TextChoices):
    MANAGER = "manager", _("Store manager")
    MARKETER = "marketer", _("Marketer")
    APPROVER = "approver", _("Approver")
    ADMIN = "admin", _("Admin")


class Staff(AbstractUser):
    """An account. A manager has stores, a marketer or approver has regions, an admin sees all."""

    role = models.CharField(_("role"), max_length=10, choices=Role)
    stores = models.ManyToManyField(Store, blank=True, related_name="staff", verbose_name=_("stores"))
    regions = models.ManyToManyField(Region, blank=True, related_name="staff", verbose_name=_("regions"))

    @property
    def sees_everything(self) -> bool:
        return self.is_active and self.role == Role.ADMIN

    @property
    def can_import(self) -> bool:
        return self.role == Role.ADMIN

    @property
    def can_market(self) -> bool:
        return self.role == Role.MARKETER

    @property
    def can_see_campaigns(self) -> bool:
        return self.role != Role.ADMIN or self.is_active
