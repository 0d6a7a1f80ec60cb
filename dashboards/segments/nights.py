"""Past nights, starting one, and whether the last is what the receipts say."""

from datetime import timedelta
from typing import Any

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
from organization.models import Job, Role, Staff
from organization.services import job_run_again
from segmentation import selectors, services
from segmentation.labels import FACT_LABELS

PAGE_SIZE = 30
DIFFERENCES_SHOWN = 20


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
        **_check_card(staff_of(request)),
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
def night_check(request: HttpRequest) -> HttpResponse:
    """Compare a sample of published scores with all receipts now, rather than once a week."""
    try:
        job = services.score_check_start(asked_by=staff_of(request))
    except JobError as refusal:
        messages.error(request, str(refusal))
        return redirect("nights")
    return redirect("job_detail", job.pk)


@require_POST
@roles(Role.ADMIN)
def night_retry(request: HttpRequest, job_id: int) -> HttpResponse:
    job = get_object_or_404(selectors.night_jobs(staff_of(request)), pk=job_id)
    if not job_run_again(job=job, actor=staff_of(request)):
        messages.warning(request, _("This night did not fail, so there is nothing to run again."))
    return redirect("nights")


def _check_card(staff: Staff) -> dict[str, Any]:
    check = selectors.latest_check()
    found = list(selectors.differences_of(staff, check)[:DIFFERENCES_SHOWN]) if check else []
    rows = [
        {"row": row, "label": FACT_LABELS.get(row.field, row.field), "values": (row.published, row.found)}
        for row in found
    ]
    return {"check": check, "differences": rows, "more": check.difference_count - len(rows) if check else 0}
