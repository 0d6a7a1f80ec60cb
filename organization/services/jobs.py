"""What people do with jobs."""

from django.db import transaction

from organization import jobs
from organization.models import Job, Staff
from organization.services.audit import audit


@transaction.atomic
def job_run_again(*, job: Job, actor: Staff) -> bool:
    """Queue a failed or cancelled job once more; False if it is neither (any more)."""
    again = jobs.job_retry(job)
    if again:
        audit(actor=actor, code="job.retried", on=job, data={"kind": job.kind})
    return again


@transaction.atomic
def job_cancel(*, job: Job, actor: Staff) -> bool:
    """End a waiting or running job; False if it has ended or is committed already."""
    ended = jobs.job_cancel(job, by=actor)
    if ended:
        audit(actor=actor, code="job.cancelled", on=job, data={"kind": job.kind, "was": job.status})
    return ended
