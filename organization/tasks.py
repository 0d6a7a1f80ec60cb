from celery import shared_task

from organization import jobs, services
from organization.services.retention import uploads_forget


@shared_task
def run_job(job_id: int) -> None:
    jobs.job_run(job_id)


@shared_task
def tick() -> None:
    """Ring again for every open job that nobody works on."""
    for job_id in jobs.jobs_requeue():
        jobs.ring(run_job, job_id)


@shared_task
def verify_audit() -> None:
    """Prove the chain of the audit trail and note its head."""
    services.audit_check()


@shared_task
def forget_uploads() -> None:
    uploads_forget()
