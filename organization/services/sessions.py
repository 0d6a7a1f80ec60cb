"""Sessions and second factors: what ends them."""

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from organization.models import Role, Staff
from organization.services.audit import audit


@transaction.atomic
def session_end(*, pk: int, actor: Staff) -> bool:
    """Log one of the own browsers out; False if there is no such session."""
    session = UserSession.objects.filter(user=actor, pk=pk).first()
    if session is None:
        return False
    session.end()
    audit(actor=actor, code="staff.session_ended", on=actor, data={"sessions": 1})
    return True


@transaction.atomic
def sessions_end(*, staff: Staff, actor: Staff, keep: str = "") -> int:
    """Log a person out everywhere but in the session whose key is `keep`; how many there were."""
    sessions = list(UserSession.objects.filter(user=staff).exclude(session_key=keep))
    for session in sessions:
        session.end()
    if sessions:
        audit(actor=actor, code="staff.session_ended", on=staff, data={"sessions": len(sessions)})
    return len(sessions)


@transaction.atomic
def second_factor_reset(*, staff: Staff, actor: Staff) -> bool:
    """Take a lost phone's second factor off an account and log it out; False if it had none.

    Nobody does this for the own account: there the code itself is asked for.
    """
    if actor.role != Role.ADMIN or staff == actor:
        raise PermissionDenied
    removed, _by_model = Authenticator.objects.filter(user=staff).delete()
    if removed:
        sessions_end(staff=staff, actor=actor)
        audit(actor=actor, code="staff.second_factor_reset", on=staff)
    return bool(removed)


@transaction.atomic
def sessions_forget() -> int:
    """Delete sessions that are over, and of which browser and address they were; how many there were."""
    over, _by_model = Session.objects.filter(expire_date__lt=timezone.now()).delete()
    of_one = Session.objects.filter(session_key=OuterRef("session_key"))
    UserSession.objects.filter(~Exists(of_one)).delete()
    return over
