"""Where somebody is logged in."""

from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession

from organization.account.devices import device_name
from organization.models import Staff


@dataclass(frozen=True)
class SessionSeen:
    """One browser somebody is logged in with."""

    pk: int
    device: str
    address: str
    since: datetime
    seen: datetime
    is_current: bool


def sessions(staff: Staff, *, current: str = "") -> list[SessionSeen]:
    """Open sessions, the latest seen first; `current` is the key of the one that asks."""
    found = [
        SessionSeen(
            pk=session.pk,
            device=device_name(session.user_agent),
            address=session.ip,
            since=session.created_at,
            seen=session.last_seen_at,
            is_current=session.session_key == current,
        )
        for session in UserSession.objects.purge_and_list(staff)
    ]
    return sorted(found, key=lambda session: session.seen, reverse=True)
