"""What the rail and the bottom bar offer each role: only pages the role may open."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from organization import selectors
from organization.access import staff_of
from organization.models import Role

LABELS: dict[str, StrOrPromise] = {
    "home": _("Home"),
    "segments": _("Segments"),
    "segment_members": _("Members"),
    "campaigns": _("Campaigns"),
    "messages": _("Messages"),
    "imports": _("Imports"),
    "nights": _("Nights"),
    "jobs": _("Jobs"),
    "staff": _("Staff"),
    "stores": _("Stores"),
    "audit": _("Audit trail"),
    "company": _("Company"),
    "watch": _("Health"),
}
MARKETING = ("home", "segments", "segment_members", "campaigns", "messages")
ENTRIES: dict[str, tuple[str, ...]] = {
    Role.MANAGER: ("home", "segments", "segment_members", "campaigns"),
    Role.MARKETER: MARKETING,
    Role.APPROVER: MARKETING,
    Role.ADMIN: (
        "home",
        "imports",
        "nights",
        "jobs",
        "watch",
        "staff",
        "stores",
        "audit",
        "company",
        *MARKETING[1:],
    ),
}
# The start of a URL name says which entry the page belongs to; the first that fits counts.
PREFIXES = {
    "home": "home",
    "segment_members": "segment_members",
    "member": "segment_members",
    "segment": "segments",
    "cluster": "segments",
    "scoring": "segments",
    "campaign": "campaigns",
    "message": "messages",
    "import": "imports",
    "profile": "imports",
    "night": "nights",
    "job": "jobs",
    "staff": "staff",
    "store": "stores",
    "region": "stores",
    "audit": "audit",
    "company": "company",
    "first": "home",
    "watch": "watch",
}


@dataclass(frozen=True)
class Entry:
    key: str
    label: StrOrPromise
    url: str
    # A number, counted only when a page shows it.
    count: Any = 0


def navigation(request: HttpRequest) -> dict[str, Any]:
    if not hasattr(request, "user") or not request.user.is_authenticated:
        return {}
    if getattr(request, "must_set_up_second_factor", False):  # It may go nowhere else.
        return {}
    staff = staff_of(request)
    status = SimpleLazyObject(lambda: selectors.standing(staff))
    return {
        "nav": [_entry(key, status) for key in ENTRIES.get(staff.role, ("home",))],
        "troubles": SimpleLazyObject(lambda: status.troubles) if staff.sees_everything else 0,
        "nav_key": _key(request),
        "role_label": staff.get_role_display(),
    }


def _entry(key: str, status: Any) -> Entry:
    count = SimpleLazyObject(lambda: status.open_jobs) if key == "jobs" else 0
    return Entry(key, LABELS[key], reverse(key), count)


def _key(request: HttpRequest) -> str:
    name = (request.resolver_match and request.resolver_match.url_name) or ""
    return next((key for prefix, key in PREFIXES.items() if name.startswith(prefix)), "")
