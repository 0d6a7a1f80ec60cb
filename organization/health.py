"""Whether this process answers, and whether the whole is ready to serve.

Each check is one look (one query, one ping) and says a sentence where something is wrong. Upper
apps register theirs in AppConfig.ready. No sentence holds an address, a name or a secret.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache as keep

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import resolve
from django.utils import timezone
from django.views.decorators.http import require_safe

from organization.models import ScheduledTask, WorkerBeat
from organization.watch.standing import WORKER_SILENT_AFTER

PROBES = ("/healthz", "/readyz", "/metrics")
TICK_SILENT_SECONDS = 120

# A sentence on what is wrong; empty where nothing is.
Check = Callable[[], str]


@dataclass(frozen=True)
class Finding:
    name: str
    ok: bool
    says: str
    # Whether the whole is not ready where this fails.
    matters: bool


def probes(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware, the first of all: a probe comes without a host name, without TLS, without a session."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if request.path_info in PROBES:
            found: HttpResponseBase = resolve(request.path_info).func(request)
            return found
        return get_response(request)

    return answer


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    findings = look()
    ready = all(finding.ok for finding in findings if finding.matters)
    checks = [asdict(finding) for finding in findings]
    return JsonResponse({"ready": ready, "checks": checks}, status=200 if ready else 503)


def look() -> list[Finding]:
    return [_judge(name, *check) for name, check in _checks.items()]


def register(name: str, check: Check, *, matters: bool) -> None:
    _checks[name] = (check, matters)


def worker_silence() -> float | None:
    """Seconds since a worker carried out the tick; None if none ever did."""
    # unscoped: of the schedule, which is nobody's.
    tick = ScheduledTask.unscoped.filter(name="tick").values_list("finished_at", flat=True).first()
    return None if tick is None else max(0.0, (timezone.now() - tick).total_seconds())


def _judge(name: str, check: Check, matters: bool) -> Finding:
    try:
        wrong = check()
    except Exception:
        wrong = "It does not answer."  # What the error says may name hosts and accounts.
    return Finding(name, not wrong, wrong or "Fine.", matters)


def _database() -> str:
    with connection.cursor() as cursor:  # unscoped: holds no rows of anybody
        cursor.execute("SELECT 1")
    return ""


def _migrations() -> str:
    with connection.cursor() as cursor:  # unscoped: Django's own table
        cursor.execute("SELECT app, name FROM django_migrations")
        missing = _known_migrations() - set(cursor.fetchall())
    return f"{len(missing)} migrations have not been applied: run manage.py migrate." if missing else ""


@keep
def _known_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


def _broker() -> str:
    cache.get("ready")
    return ""


def _worker() -> str:
    # unscoped: of workers, which are nobody's.
    living = WorkerBeat.unscoped.filter(seen_at__gt=timezone.now() - WORKER_SILENT_AFTER)
    return "" if living.exists() else "No worker has been seen in the last minute: is worker running?"


def _beat() -> str:
    silence = worker_silence()
    if silence is None or silence > TICK_SILENT_SECONDS:
        return "No worker has carried out a task in the last two minutes: is beat running?"
    return ""


_checks: dict[str, tuple[Check, bool]] = {
    "database": (_database, True),
    "migrations": (_migrations, True),
    "broker": (_broker, True),
    "worker": (_worker, True),
    "beat": (_beat, True),
}
