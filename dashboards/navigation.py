"""What the rail and the bottom bar offer each role: only pages the role may open."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from organization.access import staff_of
from organization.models import Job, Role, Staff

LABELS: dict[str, StrOrPromise] = {
    "home": _("Home"),
    "segments": _("Segments"),
    "segment_members": _("Members"),
    "campaigns": _("Campaigns"),
    "messages": _("Messages"),
    "imports": _("Imports"),
    "nights": _("Nights"),
    "jobs": _("Jobs"),
    "audit": _("Audit trail"),
    "company": _("Company"),
}
MARKETING = ("home", "segments", "segment_members", "campaigns", "messages")
ENTRIES: dict[str, tuple[str, ...]] = {
    Role.MANAGER: ("home", "segments", "segment_members", "campaigns"),
    Role.MARKETER: MARKETING,
    Role.APPROVER: MARKETING,
    Role.ADMIN: ("home", "imports", "nights", "jobs", *MARKETING[1:], "audit", "company"),
}
# The start of a URL name says which entry the page belongs to; the first that fits counts.
PREFIXES = {
    "home": "home",
    "segment_members": "segment_members",
    "member": "segment_members",
    "segment": "segments",
    "cluster": "segments",
    "campaign": "campaigns",
    "message": "messages",
    "import": "imports",
    "night": "nights",
    "job": "jobs",
    "audit": "audit",
    "company": "company",
    "first": "home",
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
    return {
        "nav": [_entry(key, staff) for key in ENTRIES.get(staff.role, ("home",))],
        "nav_key": _key(request),
        "role_label": staff.get_role_display(),
    }


def _entry(key: str, staff: Staff) -> Entry:
    count = SimpleLazyObject(lambda: _open_jobs(staff)) if key == "jobs" else 0
    return Entry(key, LABELS[key], reverse(key), count)


def _open_jobs(staff: Staff) -> int:
    return int(Job.objects.visible_to(staff).open().count())


def _key(request: HttpRequest) -> str:
    name = (request.resolver_match and request.resolver_match.url_name) or ""
    return next((key for prefix, key in PREFIXES.items() if name.startswith(prefix)), "")
