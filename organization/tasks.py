from celery import shared_task
from django.utils import translation

from organization import jobs, services, watch
from organization.crypto import decrypt
from organization.models import Staff
from organization.services.mail import password_reset_send
from organization.services.retention import uploads_forget
from organization.services.sessions import sessions_forget


@shared_task
def run_job(job_id: int) -> None:
    jobs.job_run(job_id)


@shared_task
def tick() -> None:
    """Ring again for every open job that nobody works on; say what else is not as it should be."""
    for job_id in jobs.jobs_requeue():
        jobs.ring(run_job, job_id)
    watch.check()


@shared_task
def verify_audit() -> None:
    """Prove the chain of the audit trail and note its head."""
    services.audit_check()
    watch.check()


@shared_task
def forget_uploads() -> None:
    uploads_forget()
    sessions_forget()


@shared_task
def password_reset_mail(staff_id: int, sealed_url: str, language: str) -> None:
    """The link is sealed on its way: who reads the broker must not be able to use it."""
    with translation.override(language):
        staff = Staff.objects.get(pk=staff_id)
        password_reset_send(staff=staff, url=decrypt(bytes.fromhex(sealed_url)))
