"""Writes of this app; `audit` is called by every other app's services too."""

from organization.services.audit import Audited, audit, audit_check, audit_many
from organization.services.company import AlreadySetUp, company_save, first_admin_create
from organization.services.corrections import import_correct, rows_correct, rows_send_again
from organization.services.imports import (
    import_confirm,
    import_create,
    import_discard,
    import_undo,
    quarantine_downloaded,
    quarantine_forget,
)
from organization.services.invitations import (
    invitation_accept,
    invitation_issue,
    invitation_send,
    invitation_staff,
    invitations_issue,
)
from organization.services.jobs import job_cancel, job_run_again
from organization.services.profiles import (
    import_map,
    import_read_with,
    import_sample,
    profile_delete,
    profile_update,
)
from organization.services.refusal import Refusal
from organization.services.sessions import second_factor_reset, session_end, sessions_end
from organization.services.staff import (
    staff_create,
    staff_deactivate,
    staff_invite,
    staff_reactivate,
    staff_update,
)
from organization.services.stores import (
    region_create,
    region_ensure,
    region_update,
    store_update,
    stores_create,
)

__all__ = [
    "AlreadySetUp",
    "Audited",
    "Refusal",
    "audit",
    "audit_check",
    "audit_many",
    "company_save",
    "first_admin_create",
    "import_confirm",
    "import_correct",
    "import_create",
    "import_discard",
    "import_map",
    "import_read_with",
    "import_sample",
    "import_undo",
    "invitation_accept",
    "invitation_issue",
    "invitation_send",
    "invitation_staff",
    "invitations_issue",
    "job_cancel",
    "job_run_again",
    "profile_delete",
    "profile_update",
    "quarantine_downloaded",
    "quarantine_forget",
    "region_create",
    "region_ensure",
    "region_update",
    "rows_correct",
    "rows_send_again",
    "second_factor_reset",
    "session_end",
    "sessions_end",
    "staff_create",
    "staff_deactivate",
    "staff_invite",
    "staff_reactivate",
    "staff_update",
    "store_update",
    "stores_create",
]
