from organization.management.importing import ImportCommand
from organization.models import ImportKind


class Command(ImportCommand):
    help = "Import a file of goods in and returns."
    kind = ImportKind.SUPPLY
