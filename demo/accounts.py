"""The four accounts of the demo, one for each role."""

from typing import NamedTuple

from django.conf import settings

from organization.models import Role


class Account(NamedTuple):
    username: str
    password: str
    role: Role

    @property
    def label(self) -> str:
        return str(self.role.label)


ACCOUNTS = (
    Account("manager", "huiyan-manager", Role.MANAGER),
    Account("marketer", "huiyan-marketer", Role.MARKETER),
    Account("approver", "huiyan-approver", Role.APPROVER),
    Account("admin", "huiyan-admin", Role.ADMIN),
)


def demo_logins() -> tuple[Account, ...]:
    """What the log-in page offers; nothing unless this is the demo."""
    return ACCOUNTS if settings.DEMO_LOGINS else ()
