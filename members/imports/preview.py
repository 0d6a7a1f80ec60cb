"""Members of a file as they would be stored: who they are is masked."""

from django.utils.translation import gettext as _

from members.models import Member
from organization.imports.checking import MOST_ROWS, Preview, written_now
from organization.imports.masking import masked
from organization.models import Import


def preview_members(record: Import) -> Preview:
    header = [_("Card number"), _("Phone"), _("WeChat id"), _("Name of the person"), _("Sex"),
              _("Enrolment store"), _("Enrolled on")]  # fmt: skip
    found = written_now(Member).select_related("enrolment_store").prefetch_related("identities")
    return Preview(header, [_row(member) for member in found.order_by("pk")[:MOST_ROWS]])


def _row(member: Member) -> list[str]:
    known = {identity.kind: masked(str(identity.value)) for identity in member.identities.all()}
    return [
        *(known.get(kind, "") for kind in ("card", "phone", "wechat")),
        masked(str(member.name)),
        str(member.get_sex_display()),
        member.enrolment_store.code,
        member.enrolled_on.isoformat(),
    ]
