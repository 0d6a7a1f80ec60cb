"""The names the company gave its segments and value classes.

Every process keeps them for a few seconds, so asking costs nothing; another process sees a change
within that time.
"""

import time

from django.utils.translation import get_language

from segmentation.models import GroupName

KEPT_SECONDS = 5.0
Names = dict[str, GroupName]
_kept: tuple[float, Names] | None = None


def own_names() -> Names:
    """By code, those that have one."""
    global _kept
    now = time.monotonic()
    if _kept is None or now - _kept[0] > KEPT_SECONDS:
        _kept = (now, GroupName.objects.in_bulk())
    return _kept[1]


def own_name(code: str) -> str:
    """In the reader's language; empty where the default stands."""
    name = own_names().get(code)
    if name is None:
        return ""
    return name.zh if (get_language() or "").startswith("zh") else name.en


def forget() -> None:
    """Read them again next time; called whenever this process has changed them."""
    global _kept
    _kept = None
