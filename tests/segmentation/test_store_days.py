"""Sums per store and day against a count by hand over random receipts, in one go and night by night."""

from collections import defaultdict
from datetime import date
from random import Random

import pytest

from members.models import Member
from organization.models import Store
from sales.models import Receipt, ReceiptLine, StoreDay
from sales.services import store_days_rebuild
from tests.conftest import make_member
from tests.segmentation.builders import (
    NIGHT,
    a_product,
    a_receipt,
    an_import,
    days_before,
    make_night,
    morning_after,
)

FIELDS = ("buyers", "repeat_buyers", "active_members", "receipts", "sales")


def by_hand(store: Store, day: date) -> tuple[object, ...]:
    receipts = Receipt.unscoped.filter(store=store)
    visits: dict[int, set[int]] = defaultdict(set)
    for receipt in receipts.filter(member__isnull=False, is_return=False):
        if receipt.returned == 0 or receipt.returned < receipt.total:
            assert receipt.member_id is not None
            visits[receipt.member_id].add((day - receipt.business_day).days)
    today = [ago for ago in visits.values() if 0 in ago]
    repeat = [ago for ago in today if ago & set(range(1, 31))]
    active = [ago for ago in visits.values() if ago & set(range(30))]
    sold = list(receipts.filter(business_day=day))
    kept = [sale for sale in sold if not sale.is_return and (not sale.returned or sale.returned < sale.total)]
    return len(today), len(repeat), len(active), len(kept), sum(sale.total for sale in sold)


def buy_at_random(random: Random, store: Store, members: list[Member], *, days: range, number: int) -> None:
    for _ in range(number):
        member = random.choice([*members, None])
        returned = "20.00" if random.random() < 0.1 else "0.00"
        a_receipt(store, days_before(random.choice(days)), member, returned=returned)


@pytest.mark.django_db
def test_it_counts_as_a_person_would(store: Store, other_store: Store) -> None:
    random, members = Random(7), [make_member(store) for _ in range(6)]
    for place in (store, other_store):
        buy_at_random(random, place, members, days=range(120), number=60)
    store_days_rebuild(first=days_before(100), last=NIGHT)
    rows = {(row.store_id, row.day): row for row in StoreDay.unscoped.all()}
    for place in (store, other_store):
        for day in map(days_before, range(101)):
            row = rows.pop((place.pk, day), None)
            stored = tuple(getattr(row, field) for field in FIELDS) if row else (0, 0, 0, 0, 0)
            assert stored == by_hand(place, day), day
    assert not rows


@pytest.mark.django_db(transaction=True)
def test_it_gives_the_same_night_by_night_as_in_one_go(store: Store) -> None:
    random, members = Random(11), [make_member(store) for _ in range(6)]
    for ago in (9, 6, 5, 0):
        # The last import is back-dated and takes an old receipt back.
        with morning_after(days_before(ago)):
            buy_at_random(random, store, members, days=range(ago, ago + 60, 1 + ago), number=15)
            if ago == 0:
                old = Receipt.unscoped.filter(member__isnull=False, returned=0).earliest("business_day", "pk")
                Receipt.unscoped.filter(pk=old.pk).update(returned=old.total)
                a_receipt(store, NIGHT, old.member, total="-20.00", is_return=True, original=old.number)
        make_night(days_before(ago))
    stored = list(StoreDay.unscoped.order_by("day").values_list("day", *FIELDS))
    store_days_rebuild(first=days_before(200), last=NIGHT)
    assert list(StoreDay.unscoped.order_by("day").values_list("day", *FIELDS)) == stored


@pytest.mark.django_db(transaction=True)
def test_it_counts_packs_again_when_the_catalogue_learns_of_them(store: Store) -> None:
    with morning_after(days_before(2)):
        a_receipt(store, days_before(60), lines=[(a_product(), 2)])
    make_night(days_before(1))
    ReceiptLine.unscoped.update(packs=20)
    with morning_after(NIGHT):
        catalogue = an_import()
        catalogue.kind, catalogue.first_day, catalogue.last_day = "products", *(days_before(60),) * 2
        catalogue.save()
    make_night()
    assert StoreDay.unscoped.get(day=days_before(60)).packs == 20
