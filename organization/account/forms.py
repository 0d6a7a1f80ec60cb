"""The forms of django-allauth in our words; their fields keep the names that browsers know."""

from typing import Any

from allauth.account import forms as account
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings as mfa
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as codes
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from organization.models import Role, Staff


def reword(form: forms.Form, labels: dict[str, StrOrPromise]) -> None:
    """Our labels, and neither placeholders nor help that say the same again."""
    for name, label in labels.items():
        field = form.fields[name]
        field.label = label
        field.help_text = ""
        field.widget.attrs.pop("placeholder", None)


class LogInForm(account.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, {"login": _("User name or e-mail"), "password": _("Password")})
        self.fields["login"].max_length = 254
        self.fields["login"].widget.attrs |= {
            "autocomplete": "username",
            "autocapitalize": "none",
            "spellcheck": "false",
            "autofocus": True,
        }

    def add_prefix(self, field_name: str) -> str:
        return str(super().add_prefix("username" if field_name == "login" else field_name))

    def user_credentials(self) -> dict[str, Any]:
        """As a user name, whatever it looks like: the backend tries it as an address too, and once."""
        return {"username": self.cleaned_data["login"], "password": self.cleaned_data["password"]}

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        response: HttpResponse = super().login(request, redirect_url)
        if settings.ADMIN_SESSION_ENDS_WITH_BROWSER and self.user.role == Role.ADMIN:
            request.session.set_expiry(0)
        return response


class PasswordAgainForm(account.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, {"password": _("Your password")})


def password_rules(field: forms.Field) -> None:
    field.help_text = _(
        "At least 10 characters, not digits alone; no common password and nothing like your name."
    )


class PasswordChangeForm(account.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        new, again = _("New password"), _("New password once more")
        reword(self, {"oldpassword": _("Your password now"), "password1": new, "password2": again})
        password_rules(self.fields["password1"])


class PasswordForgottenForm(account.ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, {"email": _("Your e-mail address")})


class PasswordNewForm(account.ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, {"password1": _("New password"), "password2": _("New password once more")})
        password_rules(self.fields["password1"])


def code_field(form: forms.Form) -> None:
    reword(form, {"code": _("Verification code")})
    form.fields["code"].widget.attrs |= {
        "autocomplete": "one-time-code",
        "inputmode": "numeric",
        "autofocus": True,
    }


class OnceOnly:
    """A code that let somebody in is worth nothing to who looked over the shoulder: allauth forgets it
    after one period, while with our tolerance it would be taken for three."""

    user: Staff

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        lasts = mfa.TOTP_PERIOD * (1 + 2 * mfa.TOTP_TOLERANCE)
        if not cache.add(f"second-factor:{self.user.pk}:{normalize_user_code(code)}", True, lasts):
            raise get_adapter().validation_error("incorrect_code")
        return code


class CodeForm(OnceOnly, codes.AuthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code_field(self)


class CodeAgainForm(OnceOnly, codes.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code_field(self)


class SecondFactorForm(ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code_field(self)
        del self.fields["code"].widget.attrs["autofocus"]  # The picture comes first.
