"""One form for each tag, so that a deleted one is known again however it is written.

Digests of tags are under a lasting key: the text of a deleted one is gone, so its digest could not be
made anew when FIELD_KEY is changed.
"""

import re
import unicodedata
from collections.abc import Iterable

from django.utils.translation import gettext as _

from organization.imports.columns import BadCell
from organization.services.secrets import Digests

LONGEST, MOST = 40, 20
KEY = "tags"


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


class TagIndex:
    """The digests of tags; load it once per piece of work."""

    def __init__(self) -> None:
        self._digests = Digests(KEY)

    def of(self, text: str) -> bytes:
        """Equal for tags that differ in width, case or spaces only."""
        return self._digests.of("tag", _plain(text))


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"\W", "", plain) or plain


def _once(tags: Iterable[str]) -> list[str]:
    return list({_plain(tag): tag for tag in tags}.values())
