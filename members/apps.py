from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class MembersConfig(AppConfig):
    name = "members"

    def ready(self) -> None:
        from members.imports.columns import EXAMPLES, MEMBERS
        from members.imports.merge import merge_members
        from members.imports.preview import preview_members
        from members.imports.undo import members_changed_later, members_undoer, members_with_receipts
        from members.models import MemberBefore
        from members.selectors import members_per_store
        from members.services import SWEEP, rows_set_aside_forget
        from members.tombstones import Tombstones
        from organization import counts, jobs
        from organization.imports import checking, undo
        from organization.imports.profiles import Builtin, has_titles, register_builtin
        from organization.imports.runner import Importer, register
        from organization.imports.shapes import AsSent
        from organization.imports.tally import keep_nothing_where
        from organization.models import ImportKind

        checking.register(ImportKind.MEMBERS, preview_members)
        register(ImportKind.MEMBERS, Importer(MEMBERS, merge_members, EXAMPLES))
        undo.register(ImportKind.MEMBERS, members_undoer, journals=[MemberBefore])
        # Files of sales make members too.
        for kind in (ImportKind.MEMBERS, ImportKind.SALES):
            undo.refuse_where(kind, members_changed_later)
        undo.refuse_where(ImportKind.MEMBERS, members_with_receipts)
        terminal_members = has_titles("mobile", "nickname", "tobaccolicense", "channelid")
        register_builtin(
            Builtin(
                "terminal_members",
                ImportKind.MEMBERS,
                gettext_lazy("Retail terminal: members"),
                AsSent,
                terminal_members,
            )
        )
        counts.register(gettext_lazy("Members"), members_per_store)
        jobs.register(SWEEP, rows_set_aside_forget)
        keep_nothing_where(lambda: Tombstones().stand_in)
