"""The Complete Journey data as a company: files through the import, one night, its campaigns.

Nothing here tells an effect: the data says who was mailed and who redeemed, and nobody was held out.
"""

import secrets
from collections.abc import Callable
from datetime import date
from pathlib import Path

from django.db.models import Sum

from campaigns.services import campaign_import
from demo import journey
from demo.stage import import_file, night, staff_for
from members.models import IdentityKind, MemberIdentity
from organization.models import ImportKind, Region, Role, Staff, Store
from organization.services import staff_create

AS_OF = date(2018, 1, 1)


def load(*, folder: Path, say: Callable[[str], None]) -> None:
    """Fill an empty database; a Celery worker must be running."""
    folder.mkdir(parents=True, exist_ok=True)
    files = journey.write_exports(folder)
    loader = staff_create(username="loader", password=secrets.token_urlsafe(), role=Role.ADMIN)
    for kind in (ImportKind.STORES, ImportKind.PRODUCTS, ImportKind.MEMBERS, ImportKind.SALES):
        record = import_file(kind=kind, path=files[kind], actor=loader)
        say(f"Imported {record.file_name}: {record.read:,} rows, {record.quarantined:,} set aside")
    night(AS_OF, actor=loader)
    say(f"Ran the night of {AS_OF}")
    open_stores = Store.unscoped.filter(storeday__isnull=False)
    busiest = open_stores.annotate(receipts=Sum("storeday__receipts")).latest("receipts")
    staff_for(busiest, Region.objects.get(parent=None))
    say(f"Loaded {_load_campaigns(loader)} campaigns")


def _load_campaigns(actor: Staff) -> int:
    members = _members_by_household()
    redeemed = journey.redemptions()
    campaigns = journey.campaigns()
    for campaign in campaigns:
        own = redeemed[redeemed["campaign"] == campaign["number"]]
        rows = zip(own["household"], own["coupon"], own["day"], strict=True)
        campaign_import(
            name=f"Campaign {campaign['number']}, {campaign['type']}",
            starts_on=campaign["start"],
            ends_on=campaign["end"],
            members=[members[household] for household in campaign["households"]],
            redemptions=[(members[int(household)], str(coupon), day) for household, coupon, day in rows],
            actor=actor,
        )
    return len(campaigns)


def _members_by_household() -> dict[int, int]:
    cards = MemberIdentity.unscoped.filter(kind=IdentityKind.CARD)
    return {int(card.value): card.member_id for card in cards}
