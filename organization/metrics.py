"""What Prometheus may know: requests by view name, and a few figures looked up on each scrape.

Upper apps register their figures in AppConfig.ready.
"""

import hmac
import os
from collections.abc import Callable, Iterable, Iterator

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import Count, Min, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from organization.health import worker_silence
from organization.models import Import, ImportKind, Job

Source = Callable[[], Iterable[Metric]]
_sources: list[Source] = []


def register(source: Source) -> None:
    _sources.append(source)


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For who holds the token; for everybody else there is nothing here."""
    given = request.headers.get("Authorization", "").encode()
    expected = f"Bearer {settings.METRICS_TOKEN}".encode()
    if not settings.METRICS_TOKEN or not hmac.compare_digest(given, expected):
        return HttpResponseNotFound()
    own = CollectorRegistry()
    own.register(_Looked())
    return HttpResponse(generate_latest(_requests()) + generate_latest(own), content_type=CONTENT_TYPE_LATEST)


def gauge(name: str, says: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"huiyan_{name}", says, value=value)


class _Looked(Collector):
    def collect(self) -> Iterator[Metric]:
        for source in (_jobs, _rows, _worker, *_sources):
            yield from source()


def _requests() -> CollectorRegistry:
    """Counted by this process, or by all of gunicorn's."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def _jobs() -> Iterator[Metric]:
    jobs = Job.unscoped.order_by()  # unscoped: counts only
    states = dict(jobs.values_list("status").annotate(n=Count("pk")))
    family = GaugeMetricFamily("huiyan_jobs", "Jobs by state.", labels=["state"])
    for state in Job.Status.values:
        family.add_metric([state], states.get(state, 0))
    yield family
    oldest = jobs.filter(status=Job.Status.QUEUED).aggregate(at=Min("created_at"))["at"]
    waits = (timezone.now() - oldest).total_seconds() if oldest else 0
    yield gauge("oldest_waiting_job_seconds", "How long the oldest queued job has waited.", waits)


def _rows() -> Iterator[Metric]:
    imports = Import.unscoped.order_by()  # unscoped: sums only
    read = dict(imports.values_list("kind").annotate(n=Sum("read")))
    family = CounterMetricFamily("huiyan_rows_imported", "Rows read by imports.", labels=["kind"])
    for kind in ImportKind.values:
        family.add_metric([kind], read.get(kind, 0))
    yield family


def _worker() -> Iterator[Metric]:
    silence = worker_silence()
    if silence is not None:
        yield gauge("worker_silence_seconds", "Since a worker last carried out a task.", silence)
