from organization.management.importing import ImportCommand
from organization.models import ImportKind


class Command(ImportCommand):
    help = "Import a CSV file of staff accounts."
    kind = ImportKind.STAFF
