from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrganizationConfig(AppConfig):
    name = "organization"
    verbose_name = _("Organization")

    def ready(self) -> None:
        from organization import jobs
        from organization.account import events
        from organization.imports.runner import Importer, import_run, register
        from organization.imports.stores import EXAMPLES, STORES, merge_stores
        from organization.models import ImportKind

        events.connect()
        jobs.register("import", import_run)
        register(ImportKind.STORES, Importer(STORES, merge_stores, EXAMPLES))
