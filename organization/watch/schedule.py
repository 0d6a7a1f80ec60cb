"""When scheduled work is due, and when it is overdue: functions of the schedule and of the clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from celery.schedules import crontab

# Beat looks every few seconds, a worker may be busy, a machine may be slow.
DAILY_GRACE = timedelta(minutes=15)
SHORTEST_GRACE = timedelta(seconds=60)


@dataclass(frozen=True)
class Timing:
    due_at: datetime
    is_overdue: bool


def timing(every: Any, *, last: datetime, up_since: datetime | None, now: datetime) -> Timing:
    """`every` is a beat schedule: seconds, timedelta, crontab. Work that nobody could have done,
    because no worker was there before `up_since`, is overdue only a while after that."""
    due = next_due(every, last)
    counted = max(due, up_since) if up_since else due
    return Timing(due, now > counted + grace(every))


def next_due(every: Any, last: datetime) -> datetime:
    if isinstance(every, crontab):
        local, delta, _now = every.remaining_delta(last)
        due: datetime = local + delta
        return due
    return last + _interval(every)


def grace(every: Any) -> timedelta:
    if isinstance(every, crontab):
        return DAILY_GRACE
    return max(SHORTEST_GRACE, 2 * _interval(every))


def _interval(every: Any) -> timedelta:
    every = getattr(every, "run_every", every)
    return every if isinstance(every, timedelta) else timedelta(seconds=float(every))
