"""What of a file may be shown: values of persons are masked wherever they stand."""

import re

from organization.models import ImportKind

# Values of these columns are personal and are masked on a page.
PERSONAL = {"phone", "card", "wechat", "name", "email"}
# Where a row lacks a cell, its values stand in the wrong columns.
_MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")


def problem_shown(kind: str, column: str, value: str) -> str:
    return masked(value) if is_personal(kind, column, value) else value


def is_personal(kind: str, column: str, value: str) -> bool:
    """By its column; or by its look: a mobile number, in a file of members anything like a name."""
    is_name = kind == ImportKind.MEMBERS and not value.isascii()
    return column in PERSONAL or is_name or bool(_MOBILE.search(value))


def masked(value: str) -> str:
    """Enough of a phone or card number to find it again in the file, nothing of a name."""
    if not value:
        return ""
    shows = len(value) >= 10 and value.isascii()
    return f"{value[:3]}••••{value[-2:]}" if shows else "••••"
