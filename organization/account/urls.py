"""Only those pages of django-allauth that the product needs; the names that begin with account_ and
mfa_ are the ones it looks for itself."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from django.db import transaction
from django.urls import path, re_path
from django.views.decorators.http import require_POST

from organization.account import views

# Pages before log-in look the same to who is logged in.
gate = {"nav": ()}
forgotten = account.PasswordResetView.as_view(extra_context=gate)
mail_sent = account.PasswordResetDoneView.as_view(extra_context=gate)
# A new password is committed with its line in the audit trail, or not at all.
password_change = transaction.atomic(account.password_change)
from_mail = transaction.atomic(account.PasswordResetFromKeyView.as_view(extra_context=gate))
password_taken = account.PasswordResetFromKeyDoneView.as_view(extra_context=gate)

urlpatterns = [
    path("logout/", require_POST(account.logout), name="logout"),
    path("login/code/", mfa.authenticate, name="mfa_authenticate"),
    path("password/", forgotten, name="account_reset_password"),
    path("password/sent/", mail_sent, name="account_reset_password_done"),
    path("password/done/", password_taken, name="account_reset_password_from_key_done"),
    re_path(
        r"^password/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$", from_mail, name="account_reset_password_from_key"
    ),
    path("account/", views.account, name="account"),
    path("account/password/", password_change, name="account_change_password"),
    path("account/confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("account/confirm/code/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("account/second-factor/", mfa.index, name="mfa_index"),
    path("account/second-factor/on/", views.SetUpView.as_view(), name="mfa_activate_totp"),
    path("account/second-factor/off/", views.OffView.as_view(), name="mfa_deactivate_totp"),
    path("account/codes/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/codes/new/", views.NewCodesView.as_view(), name="mfa_generate_recovery_codes"),
    path("account/codes.txt", recovery_codes.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("account/sessions/", views.sessions, name="sessions"),
    path("account/sessions/end/", views.sessions_revoke, name="sessions_revoke"),
    path("account/sessions/<int:pk>/end/", views.session_revoke, name="session_revoke"),
    path(
        "staff/<int:pk>/second-factor/reset/",
        views.staff_second_factor_reset,
        name="staff_second_factor_reset",
    ),
]
