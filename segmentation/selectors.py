"""Reads of the published night. All are scoped to what a person may see; pages read sums only."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import F, Prefetch, QuerySet, Sum
from django.db.models.functions import Mod

from organization.models import Job, Staff
from segmentation.analytics.rfm import BANDS, SEGMENTS
from segmentation.labels import cluster_name
from segmentation.models import (
    CellTotal,
    ClusterModelRow,
    ClusterTotal,
    MemberScore,
    NightlyRun,
    NightlyStage,
    RfmSettings,
    ScoreCheck,
    ScoreDifference,
    SegmentTotal,
)
from segmentation.nightly.run import KIND, latest_published

CHANGE_DAYS = 30
LABEL_DIGITS = 10_000


@dataclass(frozen=True)
class SegmentSize:
    code: str
    members: int
    spend: Decimal
    # Against the night `since`; None where there was none.
    change: int | None


@dataclass(frozen=True)
class Cluster:
    label: int
    name: str
    is_named_by_hand: bool
    members: int
    spend: Decimal
    profile: dict[str, float | None]


def spend_per_year(spend: Decimal, members: int, *, run: NightlyRun) -> Decimal | None:
    """Per member; the spend is that of the window."""
    return spend / members * 365 / run.window_days if members else None


def published_run() -> NightlyRun | None:
    return latest_published()


def scoring_now() -> RfmSettings:
    """The last version, by which the next night scores; the defaults, which no row holds, without one."""
    return scoring_versions().first() or RfmSettings()


def scoring_versions() -> QuerySet[RfmSettings]:
    """Latest first."""
    return RfmSettings.objects.select_related("changed_by").order_by("-pk")


def comparison_day(run: NightlyRun) -> date | None:
    """The latest published night at least 30 days before this one."""
    before = NightlyRun.objects.filter(
        published_at__isnull=False, as_of__lte=run.as_of - timedelta(days=CHANGE_DAYS)
    )
    return before.order_by("-as_of").values_list("as_of", flat=True).first()


def segment_sizes(staff: Staff, *, run: NightlyRun, since: date | None) -> list[SegmentSize]:
    """All ten segments in their order, empty ones too."""
    totals = SegmentTotal.objects.visible_to(staff).filter(day__in=[run.as_of, since or run.as_of])
    sums = {
        (row["day"], row["segment"]): (row["size"], row["money"])
        for row in totals.values("day", "segment").annotate(size=Sum("members"), money=Sum("spend"))
    }
    nobody = (0, Decimal(0))
    sizes = []
    for code in SEGMENTS:
        members, spend = sums.get((run.as_of, code), nobody)
        change = members - sums.get((since, code), nobody)[0] if since else None
        sizes.append(SegmentSize(code, members, spend, change))
    return sizes


def sizes_over_time(
    staff: Staff, *, run: NightlyRun, days: int = 90
) -> tuple[list[date], dict[str, list[int]]]:
    """Members per segment on each published night of the last `days` days."""
    first = run.as_of - timedelta(days=days)
    totals = SegmentTotal.objects.visible_to(staff).filter(day__gt=first, day__lte=run.as_of)
    sizes: dict[date, dict[str, int]] = defaultdict(dict)
    for day, segment, members in totals.values_list("day", "segment").annotate(size=Sum("members")):
        sizes[day][segment] = members
    nights = sorted(sizes)
    return nights, {code: [sizes[day].get(code, 0) for day in nights] for code in SEGMENTS}


def rf_cells(staff: Staff) -> list[list[int]]:
    """Members per recency (row) and frequency (column) score, 5 × 5, score 1 first."""
    cells = [[0] * BANDS for _ in range(BANDS)]
    totals = CellTotal.objects.visible_to(staff)
    for r, f, members in totals.values_list("r", "f").annotate(size=Sum("members")):
        cells[r - 1][f - 1] = members
    return cells


def score_shares(staff: Staff, *, run: NightlyRun, cells: list[list[int]]) -> dict[str, list[int]]:
    """Members per score. Who sees not all stores gets R and F of the own members."""
    if staff.sees_everything:
        # The database keeps an object's keys in an order of its own.
        return {score: run.score_shares[score] for score in "rfm"}
    return {"r": [sum(row) for row in cells], "f": [sum(column) for column in zip(*cells, strict=True)]}


def cluster_model(run: NightlyRun) -> ClusterModelRow | None:
    return ClusterModelRow.objects.filter(run=run).first()


def clusters(staff: Staff, *, row: ClusterModelRow) -> list[Cluster]:
    totals = ClusterTotal.objects.visible_to(staff)
    sums = {
        label: (members, spend)
        for label, members, spend in totals.values_list("cluster").annotate(
            size=Sum("members"), money=Sum("spend")
        )
    }
    names = cluster_names(row)
    found = []
    for label, cluster in enumerate(row.clusters):
        members, spend = sums.get(label, (0, Decimal(0)))
        by_hand = str(label) in row.names
        found.append(Cluster(label, names[label], by_hand, members, spend, cluster["profile"]))
    return found


def cluster_names(row: ClusterModelRow | None) -> dict[int, str]:
    """The name of each cluster: the one a marketer gave it, else the one made from its facts."""
    if row is None:
        return {}
    return {
        label: row.names.get(str(label)) or cluster_name(cluster["name"])
        for label, cluster in enumerate(row.clusters)
    }


def members_of(
    staff: Staff,
    *,
    segment: str = "",
    value_class: str = "",
    r: int | None = None,
    f: int | None = None,
    cluster: int | None = None,
    store: int | None = None,
    label: int | None = None,
) -> QuerySet[MemberScore]:
    """Scored members a person may see, narrowed by what is given; `label`: the four digits shown."""
    wanted = {"segment": segment or None, "value_class": value_class or None, "r": r, "f": f}
    wanted |= {"cluster": cluster, "member__home_store": store}
    members: QuerySet[MemberScore] = MemberScore.objects.visible_to(staff).filter(r__isnull=False)
    members = members.filter(**{name: value for name, value in wanted.items() if value is not None})
    if label is not None:
        members = members.annotate(shown=Mod(F("member_id"), LABEL_DIGITS)).filter(shown=label)
    return members.select_related("member__home_store")


def night_jobs(staff: Staff) -> QuerySet[Job]:
    jobs: QuerySet[Job] = Job.objects.visible_to(staff).filter(kind=KIND)
    return jobs


def latest_night_job(staff: Staff) -> Job | None:
    return night_jobs(staff).order_by("-pk").first()


def latest_check() -> ScoreCheck | None:
    return ScoreCheck.objects.order_by("-pk").first()


def differences_of(staff: Staff, check: ScoreCheck) -> QuerySet[ScoreDifference]:
    found: QuerySet[ScoreDifference] = ScoreDifference.objects.visible_to(staff).filter(check_of=check)
    return found.select_related("member").order_by("pk")


def nights() -> QuerySet[NightlyRun]:
    """Latest first, each with its stages in the order they ran."""
    stages = Prefetch("stages", NightlyStage.objects.order_by("started_at", "pk"))
    return NightlyRun.objects.select_related("job", "settings").prefetch_related(stages)
