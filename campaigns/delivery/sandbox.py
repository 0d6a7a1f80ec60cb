"""The gateway of a chain that has none: messages stay in the database and are shown on a page.

Policy is judged once more at the moment of sending, because days may pass after the choice.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from campaigns.models import Campaign, Message
from campaigns.policy.audience import with_reason
from campaigns.policy.rules import Reason
from members.models import Member

CHUNK = 2_000
# Judged at the choice only: the message itself counts as one that is on its way.
NOT_AGAIN = (Reason.FREQUENCY,)


def deliver(*, campaign: Campaign, at: datetime) -> int:
    """Send or refuse every waiting message of a running campaign; how many were handled."""
    handled = 0
    while chunk := _deliver_chunk(campaign, at):
        handled += chunk
    return handled


def refuse_pending(*, campaign: Campaign, reason: Reason) -> None:
    """Give up messages that can no longer go out; waiting for ever they would use up the cap."""
    campaign.messages.filter(status=Message.Status.PENDING).update(
        status=Message.Status.REFUSED, reason=reason
    )


@transaction.atomic
def _deliver_chunk(campaign: Campaign, at: datetime) -> int:
    # The share lock makes a campaign that is just being finished wait, or be seen as finished.
    running = Campaign.unscoped.select_for_update(no_key=True).filter(
        pk=campaign.pk, status=Campaign.Status.RUNNING, ends_on__gte=timezone.localdate(at)
    )
    if not running:
        return 0
    pending = campaign.messages.filter(status=Message.Status.PENDING)
    members = list(pending.order_by("pk").values_list("member_id", flat=True)[:CHUNK])
    chunk = Message.unscoped.filter(campaign=campaign, member__in=members)
    for reason, refused in _refused(members, campaign.channel, at).items():
        chunk.filter(member__in=refused).update(status=Message.Status.REFUSED, reason=reason)
    chunk.filter(status=Message.Status.PENDING).update(status=Message.Status.DELIVERED, sent_at=at)
    return len(members)


def _refused(members: list[int], channel: str, at: datetime) -> dict[str, list[int]]:
    judged = with_reason(
        Member.unscoped.filter(pk__in=members), channel=channel, day=timezone.localdate(at), skip=NOT_AGAIN
    )
    refused: dict[str, list[int]] = {}
    for member, reason in judged.exclude(reason="").values_list("pk", "reason"):
        refused.setdefault(reason, []).append(member)
    return refused
