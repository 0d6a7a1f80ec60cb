"""The names the company gave its segments and value classes."""

from django.utils.translation import get_language

from organization.keeping import KeptRows
from segmentation.models import GroupName

# By code, those that have one.
NAMES: KeptRows[dict[str, GroupName]] = KeptRows(lambda: GroupName.objects.in_bulk())


def own_name(code: str) -> str:
    """In the reader's language; empty where the default stands."""
    name = NAMES.get().get(code)
    if name is None:
        return ""
    return name.zh if (get_language() or "").startswith("zh") else name.en
