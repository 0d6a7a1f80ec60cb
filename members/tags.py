"""One form for each tag, so that a deleted one is known again however it is written."""

import re
import unicodedata
from collections.abc import Iterable

from django.utils.translation import gettext as _

from organization.crypto import lookup
from organization.imports.columns import BadCell

LONGEST, MOST = 40, 20


def clean_tag(text: str) -> str:
    plain = " ".join(text.replace("\0", "").split())
    if not plain:
        raise BadCell(_("A tag has at least one character."))
    if len(plain) > LONGEST:
        raise BadCell(_("A tag has at most %(n)s characters.") % {"n": LONGEST})
    return plain


def clean_tags(cell: str) -> list[str]:
    """The tags of a cell, separated by semicolons."""
    tags = _once(clean_tag(part) for part in re.split("[;；]", cell) if part.strip())
    if len(tags) > MOST:
        raise BadCell(_("These are more than %(n)s tags.") % {"n": MOST})
    return tags


def tag_lookup(text: str) -> bytes:
    """Equal for tags that differ in width, case or spaces only."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return lookup("tag", re.sub(r"\W", "", plain) or plain)


def _once(tags: Iterable[str]) -> list[str]:
    return list({tag_lookup(tag): tag for tag in tags}.values())
