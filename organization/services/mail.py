"""Mail to staff."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from organization.models import Staff

log = logging.getLogger(__name__)
# What a mail server does, and a folder for mails that cannot be written to.
NOT_SENT = (OSError, SMTPException, ImproperlyConfigured)


def password_reset_send(*, staff: Staff, url: str) -> None:
    """Mail the link. A failure is logged without its text, which may name the address."""
    hours = settings.PASSWORD_RESET_TIMEOUT // 3600
    context = {"url": url, "username": staff.get_username(), "hours": hours}
    body = render_to_string("account/password_reset_mail.txt", context)
    try:
        send_mail(_("Your new password for Huiyan"), body, None, [staff.email])
    except NOT_SENT as error:
        log.error("A password reset mail could not be sent: %s", type(error).__name__)
