"""The store manager's home: what changed yesterday, who has gone quiet, what is running."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_stubs_ext import StrOrPromise

from dashboards.campaigns.words import money
from dashboards.homes import changes, tiles
from dashboards.homes.running import SeenCampaign, conversion_tile, seen_campaigns
from dashboards.homes.selectors import QUIET, DaySums, day_by_hour, day_sums, quiet_regulars
from dashboards.homes.tiles import Tile
from dashboards.homes.words import as_of_line, count, greeting, late_note
from organization.models import Staff, Store
from segmentation.labels import SEGMENT_LABELS
from segmentation.models import MemberScore, NightlyRun
from segmentation.selectors import SegmentSize, segment_sizes

REGULARS_SHOWN, CAMPAIGNS_SHOWN, STORES_NAMED = 5, 3, 2


@dataclass(frozen=True)
class Regular:
    """A row of the table of members who have gone quiet."""

    score: MemberScore
    as_of: date

    @property
    def segment_label(self) -> StrOrPromise:
        return SEGMENT_LABELS[self.score.segment or ""]

    @property
    def silent(self) -> int:
        return (self.as_of - (self.score.last_day or self.as_of)).days

    @property
    def usually(self) -> int | None:
        return round(self.score.gap_mean) if self.score.gap_mean else None

    @property
    def spend(self) -> str:
        return money(float(self.score.spend))


@dataclass(frozen=True)
class QuietSegment:
    code: str
    label: StrOrPromise
    members: int

    @property
    def url(self) -> str:
        return f"{reverse('segment_members')}?segment={self.code}"


def context(staff: Staff, run: NightlyRun) -> dict[str, Any] | None:
    """None where no receipt of the own stores was counted lately."""
    days = day_sums(staff, until=run.as_of)
    if not days:
        return None
    day = max(days)
    by_hour = day_by_hour(staff, day=day, days=days)
    campaigns = seen_campaigns(staff)
    return {
        "title": greeting(timezone.localtime(), _store_names(staff)),
        "as_of_line": as_of_line(day, run.published_at, days[day].receipts),
        "late": late_note(day, run.as_of),
        "tiles": _tiles(days, day, campaigns),
        "question": changes.question(day),
        "answer": changes.answer(days, day, by_hour),
        "chart": changes.chart(day, by_hour),
        "campaigns": [seen for seen in campaigns if seen.is_running][:CAMPAIGNS_SHOWN],
        **_quiet(staff, run),
    }


def _store_names(staff: Staff) -> str:
    stores = list(Store.objects.visible_to(staff).order_by("code"))
    if len(stores) > STORES_NAMED:
        return ngettext("%(n)s store", "%(n)s stores", len(stores)) % {"n": count(len(stores))}
    return _(" and ").join(str(store) for store in stores)


def _tiles(days: dict[date, DaySums], day: date, campaigns: Sequence[SeenCampaign]) -> list[Tile]:
    return [
        tiles.repeat_rate(days, day),
        tiles.member_ticket(days, day),
        tiles.active_members(days, day, url=reverse("segment_members")),
        tiles.member_share(days, day),
        conversion_tile(campaigns),
    ]


def _quiet(staff: Staff, run: NightlyRun) -> dict[str, Any]:
    sizes = {size.code: size for size in segment_sizes(staff, run=run, since=None)}
    quiet = [sizes[code] for code in QUIET if sizes[code].members]
    return {
        "regulars": [Regular(score, run.as_of) for score in quiet_regulars(staff, most=REGULARS_SHOWN)],
        "quiet_answer": _quiet_answer(quiet, run),
        "quiet": [QuietSegment(size.code, SEGMENT_LABELS[size.code], size.members) for size in quiet],
    }


def _quiet_answer(sizes: Sequence[SegmentSize], run: NightlyRun) -> str:
    members = sum(size.members for size in sizes)
    text = ngettext(
        "%(n)s member, %(spend)s in the last %(days)s days.",
        "%(n)s members, %(spend)s in the last %(days)s days.",
        members,
    )
    spend = money(float(sum(size.spend for size in sizes)))
    return text % {"n": count(members), "spend": spend, "days": run.window_days}
