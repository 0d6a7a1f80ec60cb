"""A way in for who has just made the own account."""

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.signals import user_logged_in
from django.http import HttpRequest

from organization.models import Staff


def enter(request: HttpRequest, staff: Staff) -> None:
    """Log in as if the password had been typed on the log-in page: it was, on this one."""
    record_authentication(request, staff, method="password")
    get_adapter(request).login(request, staff)
    user_logged_in.send(sender=Staff, request=request, user=staff)
