"""Mail to staff."""

import logging
import smtplib

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from organization.models import Staff

log = logging.getLogger(__name__)


def password_reset_send(*, staff: Staff, url: str) -> None:
    """Mail the link. A failure is logged without its text, which may name the address."""
    hours = settings.PASSWORD_RESET_TIMEOUT // 3600
    context = {"url": url, "username": staff.get_username(), "hours": hours}
    body = render_to_string("account/password_reset_mail.txt", context)
    try:
        send_mail(_("Your new password for Huiyan"), body, None, [staff.email])
    except (OSError, smtplib.SMTPException) as error:
        log.error("A password reset mail could not be sent: %s", type(error).__name__)
