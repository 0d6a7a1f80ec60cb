"""The line below each card's question: its answer in words."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboards.campaigns.words import percent
from segmentation.history import Moves
from segmentation.labels import SCORE_LABELS, SEGMENT_LABELS, UNWELCOME
from segmentation.models import ClusterModelRow, RfmSettings
from segmentation.selectors import Cluster, SegmentSize

BEST = ("champions", "loyal")


def spread(sizes: Sequence[SegmentSize]) -> str:
    members, spend = sum(size.members for size in sizes), sum(size.spend for size in sizes)
    if not members or not spend:
        return ""
    best = [size for size in sizes if size.code in BEST]
    shares = {
        "best": _(", ").join(SEGMENT_LABELS[code] for code in BEST),
        "share": percent(sum(size.members for size in best) / members),
        "sales": percent(float(sum(size.spend for size in best) / spend)),
    }
    return _("%(share)s of members (%(best)s) bring %(sales)s of member sales.") % shares


def growth(sizes: Sequence[SegmentSize], since: date | None) -> str:
    if since is None:
        return _("Changes show once there is a night 30 days older.")
    unwelcome = [size for size in sizes if size.code in UNWELCOME and (size.change or 0) > 0]
    day = date_format(since, "MONTH_DAY_FORMAT")
    if not unwelcome:
        return _("None of the segments that need care has grown since %(day)s.") % {"day": day}
    worst = max(unwelcome, key=lambda size: size.change or 0)
    grown = {"segment": SEGMENT_LABELS[worst.code], "number": f"{worst.change:,}", "day": day}
    return _("%(segment)s grew by %(number)s since %(day)s.") % grown


def trend(days: Sequence[date], counts: dict[str, list[int]]) -> str:
    if len(days) < 2:
        return ""
    changes = {code: sizes[-1] - sizes[0] for code, sizes in counts.items()}
    code = max(changes, key=lambda code: abs(changes[code]))
    if not changes[code]:
        return _("No segment has changed in size.")
    moved = {"segment": SEGMENT_LABELS[code], "day": date_format(days[0], "MONTH_DAY_FORMAT")}
    moved["number"] = signed(changes[code])
    return _("The largest change since %(day)s: %(segment)s, %(number)s members.") % moved


def moved(moves: Moves) -> str:
    """How many moved, and how many of them into segments that need care, and out of them."""
    days = {name: date_format(day, "MONTH_DAY_FORMAT") for name, day in _ends(moves).items()}
    if not moves.mover_count:
        return _("Nobody moved between %(since)s and %(until)s.") % days
    into = _crossed(moves, lambda was, now: was not in UNWELCOME and now in UNWELCOME)
    out = _crossed(moves, lambda was, now: was in UNWELCOME and now and now not in UNWELCOME)
    numbers = {"moved": f"{moves.mover_count:,}", "into": f"{into:,}", "out": f"{out:,}"}
    text = ngettext(
        "%(moved)s member moved between %(since)s and %(until)s: %(into)s into segments that need care, "
        "%(out)s out of them.",
        "%(moved)s members moved between %(since)s and %(until)s: %(into)s into segments that need care, "
        "%(out)s out of them.",
        moves.mover_count,
    )
    return text % (numbers | days)


def _ends(moves: Moves) -> dict[str, date]:
    return {"since": moves.since, "until": moves.until}


def _crossed(moves: Moves, is_meant: Callable[[str, str], object]) -> int:
    return sum(members for flow, members in moves.moved.items() if is_meant(*flow))


def signed(change: int) -> str:
    return f"{change:+,}".replace("-", "−") if change else "0"


def types(row: ClusterModelRow | None, clusters: Sequence[Cluster]) -> str:
    if row is None:
        return ""
    model = row.model
    said = ngettext(
        "%(number)s cluster, silhouette %(silhouette)s, fitted on %(day)s",
        "%(number)s clusters, silhouette %(silhouette)s, fitted on %(day)s",
        len(clusters),
    ) % {
        "number": len(clusters),
        "silhouette": f"{model['silhouette_']:.2f}",
        "day": date_format(row.fitted_on, "DATE_FORMAT"),
    }
    if model["agreement_"] is None:
        return _("%(said)s.") % {"said": said}
    agreement = f"{model['agreement_']:.2f}"
    return _("%(said)s (agreement with the model before: %(agreement)s).") % {
        "said": said,
        "agreement": agreement,
    }


def empty_scores(shares: dict[str, list[int]], scoring: RfmSettings) -> str:
    """Which scores nobody has: many equal values, as of members with one receipt, leave such gaps."""
    empty = [
        f"{SCORE_LABELS[score]} {number}"
        for score, counts in shares.items()
        for number, count in enumerate(counts, 1)
        if not count and any(counts)
    ]
    if not any(map(any, shares.values())):
        return ""
    if not empty:
        return _("Every score is held by somebody.")
    if scoring.mode == RfmSettings.Mode.FIXED:
        said = _("Nobody has %(scores)s: between those break points nobody lies.")
    else:
        said = _("Nobody has %(scores)s: members with equal values share one score.")
    return said % {"scores": _(", ").join(empty)}


def share_rows(shares: dict[str, list[int]]) -> list[dict[str, Any]]:
    """Per score and number: the share of members, written and as a bar's width in percent."""
    return [
        {"label": SCORE_LABELS[score], "rows": [_share(*row, of=sum(counts)) for row in enumerate(counts, 1)]}
        for score, counts in shares.items()
        if any(counts)
    ]


def _share(number: int, count: int, *, of: int) -> tuple[str, str, str]:
    share = count / of
    return str(number), percent(share) if count else _("empty"), f"{100 * share:.0f}"
