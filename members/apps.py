from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "members"

    def ready(self) -> None:
        from members.imports.columns import MEMBERS
        from members.imports.merge import merge_members
        from members.tombstones import Tombstones
        from organization.imports.runner import Importer, register
        from organization.imports.tally import keep_nothing_where
        from organization.models import ImportKind

        register(ImportKind.MEMBERS, Importer(MEMBERS, merge_members))
        keep_nothing_where(lambda: Tombstones().stand_in)
