"""What people do with jobs."""

from django.db import transaction

from organization.jobs import job_retry
from organization.models import Job, Staff
from organization.services.audit import audit


@transaction.atomic
def job_run_again(*, job: Job, actor: Staff) -> bool:
    """Queue a failed job once more; False if it is not failed (any more)."""
    again = job_retry(job)
    if again:
        audit(actor=actor, code="job.retried", on=job, data={"kind": job.kind})
    return again
