"""Writes of campaigns: drafts, the start, and campaigns that ran elsewhere."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, TypedDict, Unpack

import numpy as np
from django.db import connection, transaction
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from campaigns.analytics.assignment import assign, bucket
from campaigns.models import Assignment, Campaign, Message, Redemption, Removal
from campaigns.policy.audience import Audience, audience
from campaigns.policy.content import message_body, offer_findings
from campaigns.policy.rules import RULES_VERSION
from campaigns.results import result_compute
from campaigns.tasks import deliver
from members.models import Member
from organization.jobs import ring
from organization.models import Staff, Store
from organization.services import audit
from segmentation.models import NightlyRun

BATCH = 5_000
SMALLEST_ARM = 2
# Held while a campaign starts: two that start at once must not reach the same member twice.
START_LOCK = 0x48_59_43


class CampaignError(Exception):
    """What was asked cannot be done; the text is a sentence for the person who asked."""


class CampaignFields(TypedDict, total=False):
    name: str
    segment: str
    channel: str
    offer: str
    message_cost: Any
    fixed_cost: Any
    margin: Any
    horizon_days: int
    holdout_share: Any


@transaction.atomic
def campaign_create(*, actor: Staff, salt: str = "", **fields: Unpack[CampaignFields]) -> Campaign:
    """A draft. The salt decides who is held out; a run that must repeat brings its own."""
    _refuse_tobacco(fields.get("offer", ""))
    campaign = Campaign.unscoped.create(created_by=actor, salt=salt or secrets.token_hex(16), **fields)
    audit(actor=actor, code="campaign.created", on=campaign, data={"name": campaign.name})
    return campaign


@transaction.atomic
def campaign_update(*, campaign: Campaign, actor: Staff, **fields: Unpack[CampaignFields]) -> Campaign:
    locked = _locked(campaign)
    if locked.status != Campaign.Status.DRAFT:
        raise CampaignError(_("This campaign has started; what was fixed at its start stays fixed."))
    _refuse_tobacco(fields.get("offer", locked.offer))
    after = {name: value for name, value in fields.items() if getattr(locked, name) != value}
    before = {name: getattr(locked, name) for name in after}
    for name, value in after.items():
        setattr(locked, name, value)
    locked.save(update_fields=after)
    audit(actor=actor, code="campaign.updated", on=locked, before=before, after=after)
    return locked


@transaction.atomic
def campaign_start(*, campaign: Campaign, actor: Staff, as_of: date) -> Campaign:
    """Choose, hold out, queue the messages: all of it, or nothing with a sentence why.

    A campaign that has started already is left as it is.
    """
    locked = _locked(campaign)
    if locked.status != Campaign.Status.DRAFT:
        return locked
    _refuse_tobacco(locked.offer)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [START_LOCK])
    stores, chosen, night = _audience_of(locked, day=as_of)
    treated = assign(chosen.members, locked.salt, float(locked.holdout_share))
    _refuse_small(treated)
    _removals_store(locked, chosen)
    _assignments_store(locked, chosen, treated)
    _messages_queue(locked, chosen.members[treated])
    locked.stores.set(stores)
    _mark_running(locked, as_of=as_of, scores_as_of=night.as_of)
    _audit_start(locked, actor, chosen, treated)
    _ring_delivery(locked)
    return locked


@transaction.atomic
def campaign_import(
    *,
    name: str,
    starts_on: date,
    ends_on: date,
    members: Sequence[int],
    redemptions: Iterable[tuple[int, str, date]],
    channel: str = "",
    actor: Staff | None = None,
) -> Campaign:
    """A campaign that ran elsewhere: who was chosen, and (member, coupon, day) of each redemption.

    Nobody was held out, so only the sales on redemption days can be told, and no effect.
    """
    homes = dict(Member.unscoped.filter(pk__in=members).values_list("pk", "home_store_id"))
    campaign = Campaign.unscoped.create(
        name=name,
        channel=channel,
        status=Campaign.Status.FINISHED,
        starts_on=starts_on,
        ends_on=ends_on,
        horizon_days=(ends_on - starts_on).days + 1,
        created_by=actor,
    )
    campaign.stores.set(set(homes.values()))
    _everybody_treated(campaign, homes)
    Redemption.unscoped.bulk_create(
        [Redemption(campaign=campaign, member_id=m, coupon=c, day=d) for m, c, d in redemptions], BATCH
    )
    audit(actor=actor, code="campaign.imported", on=campaign, data={"members": len(homes)})
    result_compute(campaign=campaign, as_of=ends_on)
    return campaign


def _everybody_treated(campaign: Campaign, homes: dict[int, int]) -> None:
    Assignment.unscoped.bulk_create(
        [
            Assignment(campaign=campaign, member_id=member, bucket=0, treated=True, home_store_id=home)
            for member, home in homes.items()
        ],
        BATCH,
    )


def _locked(campaign: Campaign) -> Campaign:
    locked: Campaign = Campaign.unscoped.select_for_update().get(pk=campaign.pk)
    return locked


def _refuse_tobacco(offer: str) -> None:
    findings = offer_findings(offer)
    if findings:
        raise CampaignError(" ".join(finding.sentence for finding in findings))


def _refuse_small(treated: NDArray[np.bool_]) -> None:
    if not len(treated):
        raise CampaignError(_("Nobody is left to write to: policy keeps out the whole segment."))
    if min(treated.sum(), (~treated).sum()) < SMALLEST_ARM:
        raise CampaignError(
            _("Too few members: each group needs at least %(n)d for a comparison.") % {"n": SMALLEST_ARM}
        )


def _audience_of(campaign: Campaign, *, day: date) -> tuple[list[Store], Audience, NightlyRun]:
    night = NightlyRun.objects.filter(published_at__isnull=False).first()
    if night is None:
        raise CampaignError(_("There are no segments before the first nightly run."))
    assert campaign.created_by is not None, "only imported campaigns have no maker, and they are finished"
    stores = list(Store.objects.visible_to(campaign.created_by))
    chosen = audience(segment=campaign.segment, stores=stores, channel=campaign.channel, day=day)
    if not chosen.found:
        raise CampaignError(_("This segment has no members in your stores."))
    return stores, chosen, night


def _removals_store(campaign: Campaign, chosen: Audience) -> None:
    Removal.unscoped.bulk_create(
        [
            Removal(campaign=campaign, store_id=store, reason=reason, members=n)
            for (store, reason), n in chosen.removals.items()
        ]
    )


def _assignments_store(campaign: Campaign, chosen: Audience, treated: NDArray[np.bool_]) -> None:
    buckets = bucket(chosen.members, campaign.salt)
    columns = (chosen.members.tolist(), buckets.tolist(), treated.tolist(), chosen.home_stores.tolist())
    Assignment.unscoped.bulk_create(
        (
            Assignment(
                campaign=campaign, member_id=member, bucket=place, treated=is_treated, home_store_id=home
            )
            for member, place, is_treated, home in zip(*columns, strict=True)
        ),
        BATCH,
    )


def _messages_queue(campaign: Campaign, members: NDArray[np.int64]) -> None:
    body = message_body(offer=campaign.offer, channel=campaign.channel)
    Message.unscoped.bulk_create(
        (
            Message(campaign=campaign, member_id=member, channel=campaign.channel, body=body)
            for member in members.tolist()
        ),
        BATCH,
    )


def _mark_running(campaign: Campaign, *, as_of: date, scores_as_of: date) -> None:
    campaign.status = Campaign.Status.RUNNING
    campaign.starts_on = as_of
    campaign.ends_on = as_of + timedelta(days=campaign.horizon_days - 1)
    campaign.scores_as_of = scores_as_of
    campaign.rules_version = RULES_VERSION
    campaign.save()


def _audit_start(campaign: Campaign, actor: Staff, chosen: Audience, treated: NDArray[np.bool_]) -> None:
    data = {
        "found": chosen.found,
        "removed": {str(reason): n for reason, n in chosen.removed.items()},
        "treated": int(treated.sum()),
        "held_out": int((~treated).sum()),
        "rules_version": campaign.rules_version,
        "scores_as_of": str(campaign.scores_as_of),
    }
    audit(actor=actor, code="campaign.started", on=campaign, data=data)


def _ring_delivery(campaign: Campaign) -> None:
    transaction.on_commit(lambda: ring(deliver, campaign.pk))
