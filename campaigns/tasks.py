from celery import shared_task
from django.utils import timezone

from campaigns.delivery import sandbox
from campaigns.models import Campaign, Message


@shared_task
def deliver(campaign_id: int) -> None:
    sandbox.deliver(campaign=Campaign.unscoped.get(pk=campaign_id), at=timezone.now())


@shared_task
def deliver_pending() -> None:
    """Send what is still waiting, for instance because a worker was stopped."""
    waiting = Message.unscoped.filter(status=Message.Status.PENDING).values("campaign")
    for campaign in Campaign.unscoped.filter(pk__in=waiting, status=Campaign.Status.RUNNING):
        sandbox.deliver(campaign=campaign, at=timezone.now())
