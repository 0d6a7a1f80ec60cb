"""The home of marketers and approvers: who can be reached, which segments move, what is running."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from campaigns.policy.rules import BY_CODE, Reason
from dashboards.campaigns.words import percent
from dashboards.homes import tiles
from dashboards.homes.running import conversion_tile, seen_campaigns
from dashboards.homes.selectors import ChannelReach, day_sums, reach
from dashboards.homes.tiles import Tile
from dashboards.homes.words import as_of_line, count, count_change, full_day, greeting, late_note
from members.models import Channel
from organization.models import Staff
from segmentation.labels import SEGMENT_LABELS, UNWELCOME
from segmentation.models import NightlyRun
from segmentation.selectors import CHANGE_DAYS, SegmentSize, comparison_day, segment_sizes

MOVERS_SHOWN = 5
REASONS = (Reason.AGE, Reason.SELF_EXCLUDED, Reason.CONSENT, Reason.FREQUENCY)


@dataclass(frozen=True)
class ReachRow:
    """One line from all members down to those a channel reaches: a number per channel."""

    label: str
    numbers: Sequence[str]
    is_result: bool = False


@dataclass(frozen=True)
class Mover:
    size: SegmentSize

    @property
    def label(self) -> StrOrPromise:
        return SEGMENT_LABELS[self.size.code]

    @property
    def url(self) -> str:
        return f"{reverse('segment_members')}?segment={self.size.code}"

    @property
    def change(self) -> str:
        return count_change(self.size.change) if self.size.change else "0"

    @property
    def tone(self) -> str:
        if not self.size.change:
            return ""
        return "good" if (self.size.change > 0) != (self.size.code in UNWELCOME) else "bad"


def context(staff: Staff, run: NightlyRun) -> dict[str, Any] | None:
    """None where no member of the scope was ever scored."""
    since = comparison_day(run)
    sizes = segment_sizes(staff, run=run, since=since)
    if not any(size.members for size in sizes):
        return None
    channels, campaigns = reach(staff), seen_campaigns(staff)
    days = day_sums(staff, until=run.as_of)
    day = max(days, default=None)
    sums = tiles.member_share(days, day) if day else None
    return {
        "title": greeting(timezone.localtime(), staff.get_full_name() or staff.username),
        "as_of_line": as_of_line(day, run.published_at, days[day].receipts) if day else full_day(run.as_of),
        "late": late_note(day, run.as_of) if day else "",
        "tiles": [*_people(sizes, channels, run), *([sums] if sums else []), conversion_tile(campaigns)],
        "channels": [Channel(each.channel).label for each in channels],
        "reach": _reach_rows(channels),
        "reach_answer": _reach_answer(channels),
        "movers": _movers(sizes),
        "movers_answer": _movers_answer(since),
        "campaigns": [seen for seen in campaigns if seen.is_running],
    }


def _people(sizes: Sequence[SegmentSize], channels: Sequence[ChannelReach], run: NightlyRun) -> list[Tile]:
    best = _widest(channels)
    all_members = best.members or 1
    return [
        Tile(
            name=_("Members who buy"),
            value=count(sum(size.members for size in sizes)),
            note=_("with a receipt in the last %(days)s days") % {"days": run.window_days},
            url=reverse("segments"),
        ),
        Tile(
            name=_("Age verified"),
            value=percent(best.of_age / all_members, 1),
            note=_("of %(n)s members") % {"n": count(best.members)},
        ),
        Tile(
            name=_("Can be reached"),
            value=percent(best.allowed / all_members, 1),
            note=_("by %(channel)s, which reaches most") % {"channel": Channel(best.channel).label},
        ),
    ]


def _reach_rows(channels: Sequence[ChannelReach]) -> list[ReachRow]:
    kept_out = [
        ReachRow(str(BY_CODE[reason].label), [_less(each.by_reason.get(reason, 0)) for each in channels])
        for reason in REASONS
    ]
    return [
        ReachRow(_("Members"), [count(each.members) for each in channels]),
        *kept_out,
        ReachRow(_("Can be reached"), [count(each.allowed) for each in channels], is_result=True),
    ]


def _less(members: int) -> str:
    return f"−{count(members)}" if members else "0"


def _widest(channels: Sequence[ChannelReach]) -> ChannelReach:
    return max(channels, key=lambda each: each.allowed)


def _reach_answer(channels: Sequence[ChannelReach]) -> str:
    best = _widest(channels)
    if not best.allowed:
        return _(
            "Nobody yet: a message needs proof of age and consent for its channel. "
            "Until members have given both, every audience is empty."
        )
    words = {
        "n": count(best.allowed),
        "all": count(best.members),
        "channel": Channel(best.channel).label,
    }
    return (
        _(
            "%(n)s of %(all)s members by %(channel)s. The others lack what policy asks for; "
            "each is counted once, by the first rule that applies."
        )
        % words
    )


def _movers(sizes: Sequence[SegmentSize]) -> list[Mover]:
    changed = sorted(sizes, key=lambda size: abs(size.change or 0), reverse=True)
    return [Mover(size) for size in changed[:MOVERS_SHOWN] if size.change]


def _movers_answer(since: date | None) -> str:
    if since is None:
        return _("Changes show once there is a night %(days)s days older.") % {"days": CHANGE_DAYS}
    return _("Members per segment, against %(day)s.") % {"day": date_format(since, "MONTH_DAY_FORMAT")}
