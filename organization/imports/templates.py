"""Files to fill in: the columns of a kind of file, and invented rows that show how they are meant."""

import re

from django.utils.translation import get_language

from organization.imports.columns import Column
from organization.imports.runner import importer_of

_CHINESE = re.compile("[\u4e00-\u9fff]")


def template_rows(kind: str) -> tuple[list[str], list[list[str]]]:
    """Titles an import of this kind knows, in the reader's language, and the example rows."""
    importer = importer_of(kind)
    columns = [column for column in importer.columns if any(column.name in row for row in importer.examples)]
    rows = [[str(row.get(column.name, "")) for column in columns] for row in importer.examples]
    return [_title(column) for column in columns], rows


def _title(column: Column) -> str:
    if (get_language() or "").startswith("zh"):
        return next((alias for alias in column.aliases if _CHINESE.search(alias)), column.name)
    return column.name
