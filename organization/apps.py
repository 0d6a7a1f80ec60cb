from django.apps import AppConfig


class OrganizationConfig(AppConfig):
    name = "organization"

    def ready(self) -> None:
        from organization import jobs
        from organization.imports.runner import Importer, import_run, register
        from organization.imports.staff import merge_staff
        from organization.imports.staff_columns import STAFF
        from organization.imports.stores import EXAMPLES, STORES, merge_stores
        from organization.models import ImportKind

        jobs.register("import", import_run)
        register(ImportKind.STORES, Importer(STORES, merge_stores, EXAMPLES))
        register(ImportKind.STAFF, Importer(STAFF, merge_staff))
