"""The hooks of django-allauth that this product answers in its own way."""

import logging
import time
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from organization.crypto import decrypt, encrypt
from organization.models import Staff
from organization.tasks import password_reset_mail

log = logging.getLogger(__name__)
WRONG = _("This name and password do not go together. Please check both.")
TOO_OFTEN = _("Too many attempts did not work. Please wait 15 minutes, then try again.")


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": WRONG,
        "email_password_mismatch": WRONG,
        "incorrect_password": _("This is not your password."),
        "enter_current_password": _("This is not your password."),
        "too_many_login_attempts": TOO_OFTEN,
        "rate_limited": TOO_OFTEN,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by admins."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Who has left is told what everybody is told whose password is wrong."""
        user = super().authenticate(request, **credentials)
        return user if user is not None and user.is_active else None

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """By account and address, so that nobody can lock a colleague out from elsewhere."""
        # Upper case first, as the database compares names: "admın" without its dot is "ADMIN" too.
        return f"{credentials.get('username', '').upper().casefold()}@{self.get_client_ip(request)}"

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Who has logged in a moment ago has just proved who it is."""
        request = context.request
        records = get_authentication_records(request, request.user)
        age = time.time() - records[-1]["at"] if records else float("inf")
        return bool(age > app_settings.REAUTHENTICATION_TIMEOUT)

    def get_reauthentication_methods(self, user: AbstractBaseUser | AnonymousUser) -> list[dict[str, Any]]:
        """Where there is a second factor the password alone opens nothing."""
        methods = super().get_reauthentication_methods(user)
        codes = [method for method in methods if method["id"] == "mfa_reauthenticate"]
        return codes or methods

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account")

    def send_password_reset_mail(self, user: AbstractBaseUser, email: str, context: dict[str, Any]) -> None:
        """Queued, and silent if that fails: neither time nor answer may tell whether there is an account."""
        sealed = encrypt(context["password_reset_url"]).hex()
        try:
            password_reset_mail.delay(user.pk, sealed, get_language())
        except Exception as error:
            log.error("A password reset mail could not be queued: %s", type(error).__name__)


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code is not right or no longer valid. Please type the one shown now."),
    }

    def encrypt(self, text: str) -> str:
        return encrypt(text).hex()

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(bytes.fromhex(encrypted_text))

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        return user.get_username()


def has_second_factor(staff: Staff) -> bool:
    return bool(Authenticator.objects.filter(user=staff, type=Authenticator.Type.TOTP).exists())
