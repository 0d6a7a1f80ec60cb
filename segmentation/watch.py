"""Whether last night is there, for who watches over the whole."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from django.db.models import Exists
from django.utils import timezone
from django.utils.translation import gettext as _
from prometheus_client.core import Metric

from organization import company
from organization.metrics import gauge
from organization.watch.lines import Line
from organization.watch.standing import Problem
from sales.models import Receipt
from segmentation.models import NightlyRun, ScoreCheck
from segmentation.nightly.run import latest_published
from segmentation.services import FILES_STOPPED_AFTER

# Nights begin at 03:30 and take minutes; by then one is late.
OVERDUE_AT = time(6, 0)


def night_overdue() -> str:
    """A sentence if files come in but last night was not made by six; else empty."""
    now = timezone.now().astimezone(company.zone())
    yesterday = now.date() - timedelta(days=1)
    recent = Receipt.unscoped.filter(business_day__gt=yesterday - FILES_STOPPED_AFTER)  # unscoped: exists
    made = NightlyRun.objects.filter(published_at__isnull=False).annotate(files=Exists(recent))
    latest = made.order_by("-as_of").first()
    if latest is None or not latest.files or latest.as_of >= yesterday or now.time() < OVERDUE_AT:
        return ""
    return f"The last night is of {latest.as_of}; that of {yesterday} is overdue. See the page Nights."


def night_metrics() -> Iterator[Metric]:
    latest = NightlyRun.objects.filter(published_at__isnull=False).order_by("-as_of").first()
    if latest and latest.published_at:
        begun = datetime.combine(latest.as_of + timedelta(days=1), time(), company.zone())
        age = (timezone.now() - begun).total_seconds()
        yield gauge("last_night_age_seconds", "Since the end of the last business day worked out.", age)


def last_night() -> Line:
    night = latest_published()
    if night is None or night.published_at is None:
        return Line(_("Last night"), _("none made yet"), "nights")
    text = _("%(day)s, published %(at)s")
    at = f"{timezone.localtime(night.published_at):%m-%d %H:%M}"
    return Line(_("Last night"), text % {"day": night.as_of, "at": at}, "nights")


def scores_wrong() -> Iterator[Problem]:
    """An alert for as long as the last check found something."""
    check = ScoreCheck.objects.order_by("-pk").first()
    if check and check.difference_count:
        yield Problem("scores", {"day": check.as_of.isoformat(), "n": check.difference_count})
