"""Accounts: a role, and the stores or regions it is for."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
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
    # Counted up when an account is deactivated: sessions and links of before are over for good.
    access_version = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    invited_at = models.DateTimeField(null=True, editable=False)  # The last link; older ones are dead.

    class Meta(AbstractUser.Meta):
        constraints = [models.UniqueConstraint(Lower("username"), name="staff_username_unique")]

    @property
    def sees_everything(self) -> bool:
        return self.is_active and self.role == Role.ADMIN

    @property
    def may_log_in(self) -> bool:
        return self.is_active and self.has_usable_password()

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must still match: as Django has it, and the version of the access."""
        value = f"{self.password}:{self.access_version}"
        return salted_hmac("organization.session", value, secret=secret, algorithm="sha256").hexdigest()

    @property
    def can_import(self) -> bool:
        return self.role == Role.ADMIN

    @property
    def can_market(self) -> bool:
        return self.role == Role.MARKETER

    @property
    def can_see_campaigns(self) -> bool:
        return self.role != Role.ADMIN or self.is_active
