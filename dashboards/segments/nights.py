"""Past nights, and starting one."""

from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRefresh

from dashboards.segments.forms import NightForm
from organization.access import roles, staff_of
from organization.jobs import JobError
from organization.models import Job, Role
from organization.services import job_run_again
from segmentation import selectors, services

PAGE_SIZE = 30


@roles(Role.ADMIN)
def nights(request: HttpRequest) -> HttpResponse:
    form = NightForm(request.POST or None, initial={"as_of": timezone.localdate() - timedelta(days=1)})
    if request.method == "POST" and form.is_valid():
        try:
            services.night_start(**form.cleaned_data, asked_by=staff_of(request))
        except JobError as refusal:
            form.add_error("as_of", str(refusal))
        else:
            return redirect("nights")
    job = selectors.latest_night_job(staff_of(request))
    context = {
        "title": _("Nights"),
        "form": form,
        "job": job if job and job.status != Job.Status.DONE else None,
        "page": Paginator(selectors.nights(), PAGE_SIZE).get_page(request.GET.get("page")),
    }
    return render(request, "segmentation/nights.html", context, status=422 if form.errors else 200)


@roles(Role.ADMIN)
def night_progress(request: HttpRequest, job_id: int) -> HttpResponse:
    """The job while it runs; once it has ended, the whole page again with its night in the list."""
    job = get_object_or_404(selectors.night_jobs(staff_of(request)), pk=job_id)
    if not job.is_open:
        return HttpResponseClientRefresh()
    return render(request, "segmentation/night_progress.html", {"job": job})


@require_POST
@roles(Role.ADMIN)
def night_retry(request: HttpRequest, job_id: int) -> HttpResponse:
    job = get_object_or_404(selectors.night_jobs(staff_of(request)), pk=job_id)
    if not job_run_again(job=job, actor=staff_of(request)):
        messages.warning(request, _("This night did not fail, so there is nothing to run again."))
    return redirect("nights")
