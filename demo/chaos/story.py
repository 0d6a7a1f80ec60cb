"""What the people of a chain do, step by step, whatever is killed meanwhile.

A line of JSON is printed before a step, when it is done, and when the story is over; a line on standard
input lets a step begin. Each may be done again from its beginning: it looks first at what of it is there.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from django.core.files import File
from django.db import Error, connection
from django.db.models import Max, Min, Sum

from campaigns.models import Campaign, Message
from campaigns.services import campaign_create, campaign_start
from demo.chaos.plan import Plan
from demo.stage import staff_for
from members.models import Member
from organization.database import is_away
from organization.models import Import, Job, Region, Role, Staff, Store
from organization.services import import_create, staff_create
from segmentation.models import SegmentTotal
from segmentation.services import night_start

PATIENCE_SECONDS = 300
PAUSE_SECONDS = 0.1
HOLDOUT = Decimal("0.3")
Result = TypeVar("Result")


class StoryError(Exception):
    """Something did not end as it should; the text says what."""


def tell(plan: Plan) -> None:
    for number, step in enumerate(plan.steps()):
        _say(step=number, name=step.name)
        sys.stdin.readline()  # Whoever kills says when: what was drawn for the step before has happened.
        deed, subject, began = DEEDS[step.kind], step.subject, time.monotonic()
        before = steadily(_highest_member)
        if step.name in plan.first_members:
            _skip_members_before(plan.first_members[step.name])
        steadily(lambda deed=deed, subject=subject: deed(plan, subject))  # type: ignore[misc]
        first = steadily(lambda before=before: _first_member_after(before))  # type: ignore[misc]
        _say(done=number, seconds=round(time.monotonic() - began, 2), first_member=first)
    _say(end=True)


def steadily(deed: Callable[[], Result]) -> Result:
    """Do it again while the database is away, for as long as a patient person would."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return deed()
        except Error as fault:
            connection.close()
            if not is_away(fault) or time.monotonic() > until:
                raise
            time.sleep(PAUSE_SECONDS)


def _say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


def _highest_member() -> int:
    return Member.unscoped.aggregate(highest=Max("pk"))["highest"] or 0


def _first_member_after(highest: int) -> int | None:
    first: int | None = Member.unscoped.filter(pk__gt=highest).aggregate(first=Min("pk"))["first"]
    return first


def _skip_members_before(first: int) -> None:
    """An import that was rolled back used up ids, and ids decide who is held out of a campaign."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('members_member_id_seq', %s, FALSE)", [first])


def _loader() -> Staff:
    """Who sends the files; made with the first of them."""
    there = Staff.objects.filter(username="loader").first()
    return there or staff_create(username="loader", password="", role=Role.ADMIN)


def _accounts(_plan: Plan, _subject: str) -> None:
    if not Staff.objects.filter(username="marketer").exists():
        staff_for(Store.unscoped.order_by("code")[0], Region.objects.get(parent=None))


def _import(plan: Plan, subject: str) -> None:
    _send(plan.path(subject), f"{subject}.csv")


def _import_again(plan: Plan, subject: str) -> None:
    _send(plan.path(subject), f"{subject} again.csv")


def _send(path: Path, name: str) -> None:
    record = Import.unscoped.filter(file_name=name).select_related("job").first()
    if record is None:
        with path.open("rb") as handle:
            file, kind = File(handle), path.stem.partition("_")[0]
            record = import_create(kind=kind, file=file, file_name=name, source="POS", asked_by=_loader())
    assert record.job is not None
    _wait_for(record.job)


def _night(_plan: Plan, subject: str) -> None:
    _make_night(date.fromisoformat(subject), times=1)


def _night_again(_plan: Plan, subject: str) -> None:
    _make_night(date.fromisoformat(subject), times=2)


def _make_night(as_of: date, *, times: int) -> None:
    asked = list(Job.unscoped.filter(kind="nightly", payload__as_of=as_of.isoformat()).order_by("pk"))
    _wait_for(asked[-1] if len(asked) == times else night_start(as_of=as_of, asked_by=_loader()))


def _wait_for(job: Job) -> None:
    while job.is_open:
        time.sleep(PAUSE_SECONDS)
        job.refresh_from_db()
    if job.status != Job.Status.DONE:
        raise StoryError(f"{job.label}: {job.status} {job.error} {job.log}")


def _campaign(plan: Plan, subject: str) -> None:
    """Drafted, started and delivered by the worker, to a segment that no earlier one was for."""
    start = date.fromisoformat(subject)
    campaign = Campaign.unscoped.filter(name=subject).first() or _draft(plan, start)
    assert campaign.created_by
    campaign_start(campaign=campaign, actor=campaign.created_by, as_of=start)
    while Message.unscoped.filter(campaign=campaign, status=Message.Status.PENDING).exists():
        time.sleep(PAUSE_SECONDS)


def _draft(plan: Plan, start: date) -> Campaign:
    return campaign_create(
        actor=Staff.objects.get(username="marketer"),
        salt=f"chaos {start}",
        name=start.isoformat(),
        segment=_largest_segment_left(),
        channel="sms",
        offer="任意饮品立减 3 元 · 3 yuan off any drink",
        message_cost=Decimal("0.05"),
        horizon_days=plan.horizon(start),
        holdout_share=HOLDOUT,
        margin=Decimal("0.25"),
    )


def _largest_segment_left() -> str:
    latest = SegmentTotal.unscoped.aggregate(day=Max("day"))["day"]
    sizes = SegmentTotal.unscoped.filter(day=latest).values_list("segment").annotate(n=Sum("members"))
    used = Campaign.unscoped.values("segment")
    return str(sizes.exclude(segment__in=used).order_by("-n", "segment")[0][0])


DEEDS: dict[str, Callable[[Plan, str], None]] = {
    "import": _import,
    "again": _import_again,
    "accounts": _accounts,
    "night": _night,
    "night again": _night_again,
    "campaign": _campaign,
}
