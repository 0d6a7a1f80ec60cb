"""Links by which somebody sets the password of an account: signed, for seven days, for once.

A link names the account and the state it was made for. It is dead once the password is set, somebody
has logged in, the account was deactivated, or a newer link was made.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.core import signing
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from organization.models import Staff
from organization.services.access import Admins
from organization.services.audit import Audited, audit, audit_many
from organization.services.mail import NOT_SENT
from organization.services.refusal import Refusal

LIFETIME = timedelta(days=7)
SALT = "organization.invitation"
log = logging.getLogger(__name__)


@transaction.atomic
def invitation_issue(*, actor: Staff, staff: Staff) -> str:
    """The token of a new link; earlier links of the account stop working."""
    issued = invitations_issue(actor=actor, accounts=Staff.objects.filter(pk=staff.pk))
    if not issued:
        raise Refusal(_("This account is not active. Reactivate it, then make a link."))
    return issued[0][1]


@transaction.atomic
def invitations_issue(*, actor: Staff, accounts: QuerySet[Staff]) -> list[tuple[Staff, str]]:
    """A new token for each of these accounts that is active."""
    Admins(actor)
    keys = list(accounts.filter(is_active=True).values_list("pk", flat=True))
    Staff.objects.filter(pk__in=keys).update(invited_at=timezone.now())
    invited = list(Staff.objects.filter(pk__in=keys).order_by("username"))
    audit_many(actor=actor, code="staff.link_made", events=[Audited(on=staff) for staff in invited])
    return [(staff, _token(staff)) for staff in invited]


def invitation_staff(token: str) -> Staff | None:
    """Whose link this is; None if it is forged, over, or used."""
    try:
        pk, state = signing.loads(token, salt=SALT, max_age=LIFETIME)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    staff = Staff.objects.filter(pk=pk, is_active=True).first()
    return staff if staff and constant_time_compare(state, _state(staff)) else None


@transaction.atomic
def invitation_accept(*, token: str, password: str) -> bool:
    """Set the password by a link; False if the link is dead (any more)."""
    invited = invitation_staff(token)
    if invited is None:
        return False
    Staff.objects.select_for_update().get(pk=invited.pk)
    staff = invitation_staff(token)  # Of two who come at once, the second finds the link used.
    if staff is None:
        return False
    staff.set_password(password)
    staff.save(update_fields=["password"])
    audit(actor=staff, code="staff.password_set", on=staff)
    return True


def invitation_send(*, staff: Staff, link: str) -> bool:
    """Send a link by e-mail; False where the account has no address or mail does not work."""
    if not staff.email:
        return False
    body = _(
        "An account was made for you. Open this link and choose a password; it works once, for %(days)s days:"
        "\n\n%(link)s\n\nYour username: %(username)s"
    ) % {"days": LIFETIME.days, "link": link, "username": staff.username}
    try:
        return bool(send_mail(_("Your access to Huiyan"), body, None, [staff.email]))
    except NOT_SENT as trouble:
        log.warning("An invitation could not be sent by e-mail (%s).", type(trouble).__name__)
        return False


def _token(staff: Staff) -> str:
    return signing.dumps([staff.pk, _state(staff)], salt=SALT)


def _state(staff: Staff) -> str:
    """All that a link is made for; any change of it ends the link."""
    parts: Iterable[object] = (staff.password, staff.last_login, staff.access_version, staff.invited_at)
    return salted_hmac(SALT, "|".join(map(str, parts)), algorithm="sha256").hexdigest()[:32]
