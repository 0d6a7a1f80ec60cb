from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class OrganizationConfig(AppConfig):
    name = "organization"
    verbose_name = _("Organization")

    def ready(self) -> None:
        from organization import checks, jobs
        from organization.account import events
        from organization.account.rotation import second_factors_reseal
        from organization.crypto import register_rotation
        from organization.imports import checking, looks, undo
        from organization.imports.profiles import Builtin, has_titles, register_builtin
        from organization.imports.runner import Importer, import_run, register
        from organization.imports.shapes import AsSent
        from organization.imports.staff import merge_staff, preview_staff
        from organization.imports.staff_columns import EXAMPLES as STAFF_EXAMPLES
        from organization.imports.staff_columns import STAFF
        from organization.imports.stores import EXAMPLES, STORES, merge_stores, preview_stores, stores_known
        from organization.imports.stores_undo import stores_dependents, stores_undoer
        from organization.models import ImportKind
        from organization.services.secrets import key_check_ensure
        from organization.uploads import uploads_reseal

        events.connect()
        _connect_signals()
        jobs.register("import", import_run)
        jobs.register(undo.KIND, undo.undo_run)
        checks.register_all()
        checking.register(ImportKind.STORES, preview_stores)
        checking.register(ImportKind.STAFF, preview_staff)
        register(ImportKind.STORES, Importer(STORES, merge_stores, EXAMPLES))
        register(ImportKind.STAFF, Importer(STAFF, merge_staff, STAFF_EXAMPLES))
        undo.register(ImportKind.STORES, stores_undoer)
        undo.refuse_where(ImportKind.STORES, stores_dependents)
        looks.register_known(("store", "stores"), _("the values are stores we know"), stores_known)
        terminal_stores = has_titles("storeid", "licensecode", "custname", "isactive")
        register_builtin(
            Builtin(
                "terminal_stores",
                ImportKind.STORES,
                _("Retail terminal: stores"),
                AsSent,
                terminal_stores,
            )
        )
        register_rotation("uploads", uploads_reseal)
        register_rotation("second factors", second_factors_reseal)
        post_migrate.connect(key_check_ensure, sender=self)


def _connect_signals() -> None:
    from celery import signals

    from organization import workers
    from organization.watch import recording

    signals.worker_init.connect(workers.worker_begin)
    signals.worker_ready.connect(workers.worker_live)
    signals.worker_shutting_down.connect(workers.worker_stop)
    signals.worker_shutdown.connect(workers.worker_ended)
    signals.task_prerun.connect(recording.task_began)
    signals.task_postrun.connect(recording.task_ended)
