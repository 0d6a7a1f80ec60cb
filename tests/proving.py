"""Log a test client in as somebody who has just typed the password."""

import time

from django.test import Client

from organization.models import Staff


def log_in_now(client: Client, staff: Staff) -> None:
    """Unlike `force_login` alone, after which what asks for the password again does so."""
    client.force_login(staff)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session["account_authentication_methods_user"] = str(staff.pk)
    session.save()
