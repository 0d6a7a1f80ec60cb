"""Job pages: what runs, how far it is, what went wrong."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRefresh

from organization import selectors, services
from organization.access import asked, roles, staff_of
from organization.models import Job, Role, Staff
from organization.trail.names import JOB_KINDS

PER_PAGE = 25
everybody = roles(*Role)


@require_GET
@everybody
def job_list(request: HttpRequest) -> HttpResponse:
    staff = staff_of(request)
    filters = asked(request, "kind", "status")
    page = Paginator(selectors.jobs(staff, **filters), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "title": _("Jobs"),
        "page": page,
        **filters,
        "kinds": [(kind, _kind_label(kind)) for kind in selectors.job_kinds(staff)],
        "statuses": Job.Status.choices,
    }
    return render(request, "organization/jobs.html", context)


@require_GET
@everybody
def job_detail(request: HttpRequest, pk: int) -> HttpResponse:
    job = _job(request, pk)
    return render(request, "organization/job.html", {"title": job.label, "job": job})


@require_GET
@everybody
def job_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part that pages poll; once the job has ended, the whole page again with what it did."""
    job = _job(request, pk)
    if not job.is_open and request.htmx:  # type: ignore[attr-defined]
        return HttpResponseClientRefresh()
    return render(request, "organization/job_progress.html", {"job": job})


@require_POST
@everybody
def job_retry(request: HttpRequest, pk: int) -> HttpResponse:
    job = _job(request, pk)
    if not services.job_run_again(job=job, actor=staff_of(request)):
        messages.warning(request, _("This job did not fail, so there is nothing to run again."))
    return _back_to(job, staff_of(request))


@require_POST
@everybody
def job_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    job = _job(request, pk)
    if not services.job_cancel(job=job, actor=staff_of(request)):
        messages.warning(request, _("This job has ended already, so there is nothing to cancel."))
    return _back_to(job, staff_of(request))


def _back_to(job: Job, staff: Staff) -> HttpResponse:
    if job.kind in ("import", "undo") and staff.can_import:
        return redirect("import_detail", job.payload["import"])
    return redirect("job_detail", job.pk)


def _job(request: HttpRequest, pk: int) -> Job:
    job: Job = get_object_or_404(selectors.jobs(staff_of(request)), pk=pk)
    return job


def _kind_label(kind: str) -> str:
    return str(JOB_KINDS.get(kind, kind))
