from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "members"

    def ready(self) -> None:
        from members.imports.columns import EXAMPLES, MEMBERS
        from members.imports.merge import merge_members
        from organization.imports.runner import Importer, register
        from organization.models import ImportKind

        register(ImportKind.MEMBERS, Importer(MEMBERS, merge_members, EXAMPLES))
