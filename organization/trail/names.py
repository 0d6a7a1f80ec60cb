"""What the values of an event are called, where the field of a model does not say it."""

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrOrPromise

from organization.models import ImportKind, Job
from organization.trail.codes import GROUPS, KINDS

NAMES: dict[str, StrOrPromise] = {
    "address": _("address"),
    "age": _("age not verified"),
    "as_of": _("as of"),
    "before": _("states before an import"),
    "channel": _("channel"),
    "cluster": _("cluster"),
    "code": _("code"),
    "consent": _("no consent"),
    "expires": _("ends"),
    "failed": _("failed imports"),
    "field": _("value shown"),
    "file": _("file"),
    "files": _("files"),
    "form": _("written as"),
    "found": _("members found"),
    "documents_gone": _("documents taken away"),
    "documents_restored": _("documents put back"),
    "frequency": _("reached often enough"),
    "full": _("from all receipts"),
    "group": _("area"),
    "held_out": _("held out"),
    "id": _("number"),
    "imports": _("imports"),
    "kind": _("kind"),
    "link": _("link"),
    "links": _("links"),
    "members": _("members"),
    "members_gone": _("members taken away"),
    "members_kept": _("members kept with numbers only"),
    "members_restored": _("members put back"),
    "name": _("name"),
    "orphans": _("files of no import"),
    "personal": _("personal details"),
    "products_gone": _("products taken away"),
    "products_restored": _("products put back"),
    "profile": _("profile of a source"),
    "profiling": _("in no group by own wish"),
    "purpose": _("purpose"),
    "q": _("words"),
    "reason": _("reason"),
    "receipts_gone": _("receipts taken away"),
    "receipts_restored": _("receipts put back"),
    "region": _("region"),
    "regions_gone": _("regions taken away"),
    "removed": _("left out"),
    "role": _("role"),
    "rows": _("rows"),
    "rules_version": _("rules"),
    "scores_as_of": _("scores as of"),
    "segment": _("segment"),
    "segment_after": _("segment after"),
    "segment_before": _("segment before"),
    "self_excluded": _("asked to be left alone"),
    "sessions": _("sessions"),
    "shape": _("known format"),
    "since": _("from day"),
    "stock_gone": _("rows of stock taken away"),
    "stock_restored": _("rows of stock put back"),
    "store": _("store"),
    "stores_gone": _("stores taken away"),
    "stores_restored": _("stores put back"),
    "tag": _("tag"),
    "too_late": _("too late"),
    "treated": _("treated"),
    "until": _("to day"),
    "value_class": _("value class"),
    "was": pgettext_lazy("state of a job", "was"),
    "who": _("by whom"),
    "campaigns.assignment": _("campaign groups"),
    "campaigns.message": _("messages"),
    "campaigns.redemption": _("redemptions"),
    "members.ageverification": _("age verifications"),
    "members.consent": _("consents"),
    "members.member": _("members"),
    "members.memberbefore": _("states before an import"),
    "members.memberidentity": _("cards and numbers"),
    "members.memberlink": _("links"),
    "members.membertag": _("tags"),
    "members.profilingobjection": _("objections to groups"),
    "members.selfexclusion": _("self-exclusions"),
    "organization.auditevent": _("entries of the audit trail"),
    "organization.quarantinedrow": _("rows to fix"),
    "sales.changedmember": _("changes for the next night"),
    "sales.receipt": _("receipts"),
    "sales.receipthistory": _("replaced receipts"),
    "sales.receiptline": _("receipt lines"),
    "sales.receiptlinehistory": _("replaced receipt lines"),
    "segmentation.memberscore": _("scores"),
    "segmentation.pendingfacts": _("facts not published yet"),
    "segmentation.pendingrank": _("scores not published yet"),
    "segmentation.scorechange": _("changes of scores"),
    "segmentation.scoredifference": _("differences found by a check of scores"),
    "segmentation.touchedmember": _("members read by a night"),
}
JOB_KINDS: dict[str, StrOrPromise] = {
    "erasure": _("Erasure"),
    "import": _("Import"),
    "nightly": _("Night"),
    "score_check": _("Check of scores"),
    "undo": _("Undo"),
}
# Values kept under a name that is no field of the object; upper apps' are looked up in their models.
_KINDS: dict[str, StrOrPromise] = {
    **{kind.value: kind.label for kind in ImportKind},
    **{code: kind.label for code, kind in KINDS.items()},
    **JOB_KINDS,
}
_WORDS: dict[str, Mapping[Any, StrOrPromise]] = {
    "group": GROUPS,
    "kind": _KINDS,
    "personal": {"email": _("E-mail"), "first_name": _("name"), "last_name": _("name")},
    "was": {state.value: state.label for state in Job.Status},
}
_FIELDS = {
    "channel": ("members.consent", "channel"),
    "field": ("members.memberidentity", "kind"),
    "purpose": ("members.consent", "purpose"),
    "role": ("organization.staff", "role"),
}


def name_of(key: str, field: Any) -> StrOrPromise:
    """The field's own name where it has one in every language, else ours, else the key."""
    own = getattr(field, "verbose_name", None)
    translated = own if own is not None and not isinstance(own, str) else None
    return translated or NAMES.get(key) or own or key.replace("_", " ")


def word_of(key: str, value: Any, field: Any) -> str:
    """A value as pages write it."""
    if not isinstance(value, str | int):
        return str(value)
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if key in _FIELDS and field is None:
        model, name = _FIELDS[key]
        field = apps.get_model(model)._meta.get_field(name)
    words: dict[Any, Any] = dict(_WORDS.get(key, {})) | dict(getattr(field, "flatchoices", ()) or ())
    return str(words.get(value, value))
