"""What the page of scoring says in words."""

from collections.abc import Sequence
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboards.campaigns.words import percent
from dashboards.segments.words import empty_scores, signed
from segmentation.labels import SEGMENT_LABELS, UNWELCOME
from segmentation.models import RfmSettings
from segmentation.nightly.preview import Moved, Preview, Size

MOVES_SHOWN = 8


def foretold(found: Preview, settings: RfmSettings) -> dict[str, Any]:
    return {
        "found": found,
        "answer": _answer(found),
        "scored": _scored(found),
        "sizes": [_size_row(size) for size in found.sizes],
        "moves": [_move_row(moved) for moved in found.moves[:MOVES_SHOWN]],
        "rest": sum(moved.members for moved in found.moves[MOVES_SHOWN:]),
        "empty_scores": empty_scores(found.shares, settings),
        "groups": _groups(found),
    }


def empty_segments(grid: Sequence[Sequence[str]]) -> str:
    used = {segment for row in grid for segment in row}
    empty = [name for code, name in SEGMENT_LABELS.items() if code not in used]
    if not empty:
        return ""
    return _("No cell leads to %(segments)s: nobody will be there.") % {"segments": _(", ").join(empty)}


def version(settings: RfmSettings) -> dict[str, Any]:
    return {
        "settings": settings,
        "by": settings.changed_by or "–",
        "mode": _mode(settings),
    }


def _mode(settings: RfmSettings) -> str:
    if settings.mode == RfmSettings.Mode.PEERS:
        return {
            RfmSettings.Peers.REGION.value: _("fifths within the region"),
            RfmSettings.Peers.STORE.value: _("fifths within the home store"),
        }[settings.peers]
    return _("fixed break points") if settings.mode == RfmSettings.Mode.FIXED else _("fifths of all members")


def _answer(found: Preview) -> str:
    if not found.changed:
        return _("Nobody would change segment.")
    of = max(found.before, found.after)
    said = ngettext(
        "%(number)s member would change segment, %(share)s of %(all)s, as of %(day)s.",
        "%(number)s members would change segment, %(share)s of %(all)s, as of %(day)s.",
        found.changed,
    )
    return said % {
        "number": f"{found.changed:,}",
        "share": percent(found.changed / of, 1),
        "all": f"{of:,}",
        "day": date_format(found.as_of, "DATE_FORMAT"),
    }


def _scored(found: Preview) -> str:
    """Only another window changes whom is scored."""
    if found.after == found.before:
        return ""
    said = _("%(after)s members would be scored instead of %(before)s.")
    return said % {"after": f"{found.after:,}", "before": f"{found.before:,}"}


def _groups(found: Preview) -> str:
    if not found.few:
        return ""
    said = ngettext(
        "%(few)s of %(all)s groups has fewer than five members: nobody there can get every score.",
        "%(few)s of %(all)s groups have fewer than five members: nobody there can get every score.",
        found.few,
    )
    return said % {"few": f"{found.few:,}", "all": f"{found.groups:,}"}


def _size_row(size: Size) -> dict[str, Any]:
    is_bad = (size.change > 0) == (size.code in UNWELCOME)
    return {
        "code": size.code,
        "label": SEGMENT_LABELS[size.code],
        "before": f"{size.before:,}",
        "after": f"{size.after:,}",
        "change": signed(size.change),
        "tone": "" if not size.change else "bad" if is_bad else "good",
    }


def _move_row(moved: Moved) -> dict[str, Any]:
    return {
        "old": moved.old,
        "old_label": SEGMENT_LABELS[moved.old] if moved.old else _("not scored"),
        "new": moved.new,
        "new_label": SEGMENT_LABELS[moved.new] if moved.new else _("not scored"),
        "members": f"{moved.members:,}",
    }
