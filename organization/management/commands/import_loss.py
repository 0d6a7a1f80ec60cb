from organization.management.importing import ImportCommand
from organization.models import ImportKind


class Command(ImportCommand):
    help = "Import a file of losses and overages."
    kind = ImportKind.LOSS
