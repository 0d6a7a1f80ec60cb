"""What the codes of the audit trail are called: one line per code, one per group and per object.

A test fails for a code that is written somewhere in the source and has no line here.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

CODES: dict[str, StrOrPromise] = {
    "audit.exported": _("Audit trail downloaded"),
    "campaign.created": _("Campaign created"),
    "campaign.imported": _("Campaign imported"),
    "campaign.started": _("Campaign started"),
    "campaign.updated": _("Campaign changed"),
    "cluster.renamed": _("Cluster renamed"),
    "company.changed": _("Company changed"),
    "import.confirmed": _("Checked file imported"),
    "import.discarded": _("Checked file discarded"),
    "import.mapped": _("Columns of a file mapped"),
    "import.queued": _("File sent"),
    "import.rows_corrected": _("Rows to fix sent again"),
    "import.rows_downloaded": _("Rows to fix downloaded"),
    "import.undo_asked": _("Undo of an import asked for"),
    "import.undone": _("Import undone"),
    "import.uploads_forgotten": _("Uploads deleted when their time was over"),
    "job.cancelled": _("Job cancelled"),
    "job.retried": _("Job run again"),
    "member.erased": _("Member erased"),
    "member.erased_rows": _("Rows set aside that name erased members deleted"),
    "member.erasure_lifted": _("Erasure lifted"),
    "member.exported": _("Member's data downloaded"),
    "member.link_created": _("Link to the member's own page made"),
    "member.links_revoked": _("Link to the member's own page ended"),
    "member.list_exported": _("List of members downloaded"),
    "member.revealed": _("Member's value shown in clear"),
    "member.self_consent_given": _("Member allowed messages"),
    "member.self_consent_withdrawn": _("Member stopped messages"),
    "member.self_excluded": _("Member asked to be left alone"),
    "member.self_exclusion_ended": _("Member may be written to again"),
    "member.self_profiling_ended": _("Member left all groups"),
    "member.self_profiling_resumed": _("Member may be grouped again"),
    "member.self_tag_deleted": _("Member deleted a tag"),
    "member.tag_added": _("Tag added"),
    "member.tag_removed": _("Tag removed"),
    "night.check_asked": _("Check of scores asked for"),
    "night.asked": _("Night asked for"),
    "profile.created": _("Profile of a source made"),
    "profile.deleted": _("Profile of a source deleted"),
    "profile.updated": _("Profile of a source changed"),
    "region.created": _("Region created"),
    "region.updated": _("Region changed"),
    "scoring.changed": _("Scoring changed"),
    "scoring.named": _("Segments named"),
    "staff.created": _("Account created"),
    "staff.deactivated": _("Account deactivated"),
    "staff.link_made": _("Invitation link made"),
    "staff.password_set": _("Password set by invitation"),
    "staff.reactivated": _("Account reactivated"),
    "staff.updated": _("Account changed"),
    "store.updated": _("Store changed"),
    "staff.code_refused": _("Verification code refused"),
    "staff.logged_in": _("Logged in"),
    "staff.logged_out": _("Logged out"),
    "staff.login_failed": _("Log-in refused"),
    "staff.password_changed": _("Password changed"),
    "staff.password_reset": _("Password set by mailed link"),
    "staff.recovery_codes_renewed": _("Recovery codes renewed"),
    "staff.second_factor_off": _("Second factor turned off"),
    "staff.second_factor_on": _("Second factor turned on"),
    "staff.second_factor_reset": _("Second factor reset by an admin"),
    "staff.session_ended": _("Sessions ended"),
    "store.created": _("Store added"),
}

# The first part of a code.
GROUPS: dict[str, StrOrPromise] = {
    "audit": _("Audit trail"),
    "campaign": _("Campaigns"),
    "cluster": _("Clusters"),
    "company": _("Company"),
    "import": _("Imports"),
    "job": _("Jobs"),
    "member": _("Members"),
    "night": _("Nights"),
    "profile": _("Profiles of sources"),
    "region": _("Regions"),
    "scoring": _("Scoring"),
    "staff": _("Accounts"),
    "store": _("Stores"),
}


@dataclass(frozen=True)
class Kind:
    """A kind of object, and the page of one, addressed by `pk`, where there is one."""

    label: StrOrPromise
    page: str = ""


KINDS: dict[str, Kind] = {
    "campaigns.campaign": Kind(_("Campaign"), "campaign"),
    "members.erasure": Kind(_("Erasure")),
    "members.member": Kind(_("Member"), "member"),
    "organization.company": Kind(_("Company")),
    "organization.import": Kind(_("Import"), "import_detail"),
    "organization.job": Kind(_("Job"), "job_detail"),
    "organization.region": Kind(_("Region"), "region_edit"),
    "organization.sourceprofile": Kind(_("Profile of a source"), "profile_edit"),
    "organization.staff": Kind(_("Account"), "staff_edit"),
    "organization.store": Kind(_("Store"), "store_edit"),
    "segmentation.clustermodelrow": Kind(_("Cluster")),
    "segmentation.rfmsettings": Kind(_("Scoring")),
}


def group_of(code: str) -> str:
    return code.partition(".")[0]


def codes_of(group: str) -> list[str]:
    return [code for code in CODES if group_of(code) == group]


def codes_named(words: str) -> list[str]:
    """Codes whose label, in the reader's language, holds the words."""
    return [code for code, label in CODES.items() if words.casefold() in f"{label} {code}".casefold()]
