from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class MembersConfig(AppConfig):
    name = "members"

    def ready(self) -> None:
        from members.imports.columns import EXAMPLES, MEMBERS
        from members.imports.merge import merge_members
        from members.imports.preview import preview_members
        from members.selectors import members_per_store
        from members.tombstones import Tombstones
        from organization import counts
        from organization.imports import checking
        from organization.imports.runner import Importer, register
        from organization.imports.tally import keep_nothing_where
        from organization.models import ImportKind

        checking.register(ImportKind.MEMBERS, preview_members)
        register(ImportKind.MEMBERS, Importer(MEMBERS, merge_members, EXAMPLES))
        counts.register(gettext_lazy("Members"), members_per_store)
        keep_nothing_where(lambda: Tombstones().stand_in)
