from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from organization.look_only import LookOnlyAdmin
from segmentation.models import NightlyRun, NightlyStage


@admin.register(NightlyRun)
class NightlyRunAdmin(LookOnlyAdmin):
    columns = {
        "as_of": _("As of"),
        "started_at": _("Started at"),
        "published_at": _("Published at"),
        "members_scored": _("Members scored"),
        "window_days": _("Days looked at"),
        "imports_until": _("Imports until"),
    }


@admin.register(NightlyStage)
class NightlyStageAdmin(LookOnlyAdmin):
    columns = {
        "run": _("Night"),
        "name": _("Stage"),
        "status": _("State"),
        "started_at": _("Started at"),
        "finished_at": _("Finished at"),
        "rows": _("Rows"),
    }
    ordering = ["-started_at"]
    list_select_related = ["run"]
