from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from organization.look_only import LookOnlyAdmin
from organization.models import Import, Job, Region, Source, Store


@admin.register(Region)
class RegionAdmin(LookOnlyAdmin):
    columns = {"name": _("Name"), "name_en": _("English name"), "parent": _("Part of"), "path": _("Path")}
    ordering = ["path"]


@admin.register(Store)
class StoreAdmin(LookOnlyAdmin):
    columns = {
        "code": _("Code"),
        "name": _("Name"),
        "region": _("Region"),
        "is_active": _("Active"),
        "time_zone": _("Time zone"),
        "closing_hour": _("Closing hour"),
        "licence_number": _("Licence number"),
        "name_en": _("English name"),
    }
    search_fields = ["code", "name", "name_en"]
    list_filter = ["is_active"]
    list_select_related = ["region"]


@admin.register(Source)
class SourceAdmin(LookOnlyAdmin):
    columns = {"name": _("Name"), "id": _("Number")}
    ordering = ["name"]


@admin.register(Job)
class JobAdmin(LookOnlyAdmin):
    columns = {
        "label": _("Job"),
        "status": _("State"),
        "kind": _("Kind"),
        "asked_by": _("Asked by"),
        "created_at": _("Asked at"),
        "finished_at": _("Finished at"),
        "started_at": _("Started at"),
        "heartbeat_at": _("Last sign of life"),
        "attempts": _("Attempts"),
        "done_parts": _("Parts done"),
        "all_parts": _("Parts in all"),
        "message": _("What it does now"),
        "error": _("Error"),
        "log": _("Log"),
    }
    search_fields = ["label"]
    list_select_related = ["asked_by"]


@admin.register(Import)
class ImportAdmin(LookOnlyAdmin):
    columns = {
        "file_name": _("File"),
        "kind": _("Kind"),
        "source": _("Sent by"),
        "created_at": _("Asked at"),
        "read": _("Rows read"),
        "quarantined": _("To fix"),
        "finished_at": _("Finished at"),
        "added": _("Added"),
        "updated": _("Updated"),
        "unchanged": _("Unchanged"),
        "ignored": _("Ignored"),
        "first_day": _("First day"),
        "last_day": _("Last day"),
    }
    search_fields = ["file_name"]
    list_filter = ["kind"]
    list_select_related = ["source"]
