"""What happens to accounts goes into the audit trail: signals of Django and allauth."""

import time
from typing import Any

from allauth.account import signals as account
from allauth.core.internal.httpkit import get_client_ip
from allauth.mfa import signals as mfa
from allauth.usersessions.models import UserSession
from django.contrib.auth import signals as auth
from django.http import HttpRequest

from organization.account.middleware import SEEN
from organization.models import Staff
from organization.services import audit


def connect() -> None:
    auth.user_logged_in.connect(session_begun)
    account.user_logged_in.connect(logged_in)
    auth.user_logged_out.connect(logged_out)
    auth.user_login_failed.connect(login_failed)
    account.password_changed.connect(password_changed)
    account.password_reset.connect(password_reset)
    mfa.authentication_failed.connect(code_refused)


def _where(request: HttpRequest | None) -> dict[str, Any]:
    return {"address": get_client_ip(request)} if request else {}


def session_begun(*, request: HttpRequest, **_kwargs: Any) -> None:
    request.session[SEEN] = time.time()


def logged_in(*, request: HttpRequest, user: Staff, **_kwargs: Any) -> None:
    audit(actor=user, code="staff.logged_in", on=user, data=_where(request))


def logged_out(*, request: HttpRequest, user: Staff | None, **_kwargs: Any) -> None:
    if user is None:
        return
    UserSession.objects.filter(session_key=request.session.session_key).delete()
    audit(actor=user, code="staff.logged_out", on=user)


def login_failed(*, credentials: dict[str, Any], request: HttpRequest | None, **_kwargs: Any) -> None:
    """Whose account it was, if it is one; what was typed may be a password and is kept nowhere."""
    name = credentials.get("username", "")
    account = Staff.objects.filter(username__iexact=name).first()
    account = account or Staff.objects.filter(email__iexact=name).exclude(email="").first()
    audit(actor=None, code="staff.login_failed", on=account, data=_where(request))


def password_changed(*, request: HttpRequest, user: Staff, **_kwargs: Any) -> None:
    audit(actor=user, code="staff.password_changed", on=user)


def password_reset(*, request: HttpRequest, user: Staff, **_kwargs: Any) -> None:
    audit(actor=user, code="staff.password_reset", on=user, data=_where(request))


def code_refused(*, request: HttpRequest, user: Staff, **_kwargs: Any) -> None:
    audit(actor=None, code="staff.code_refused", on=user, data=_where(request))
