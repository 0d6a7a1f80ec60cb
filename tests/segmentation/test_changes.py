"""The history of scores: dated changes tell what every night published, and who moved between two of them."""

import random
from datetime import date
from functools import partial

import pytest
from django.db import transaction

from members.models import Member
from members.services import member_erase
from organization.database import beside, lock
from organization.models import Staff, Store
from segmentation.models import MemberScore, ScoreChange
from tests import killing
from tests.conftest import make_member
from tests.segmentation.builders import NIGHT, a_receipt, days_before, make_night

pytestmark = pytest.mark.django_db(transaction=True)
States = dict[int, tuple[str, int, int, int]]


def published() -> States:
    rows = MemberScore.unscoped.filter(r__isnull=False).values_list("member", "segment", "r", "f", "m")
    return {pk: state for pk, *state in rows}


@pytest.fixture
def nights(store: Store, other_store: Store) -> dict[date, States]:
    """Six nights of forty members who buy at random, the last made twice; what each published."""
    chance = random.Random(7)
    members = [make_member(chance.choice([store, other_store])) for _ in range(40)]
    for member in members:
        for _ in range(chance.randint(0, 4)):
            a_receipt(member.enrolment_store, days_before(chance.randint(9, 380)), member)
    found = {}
    for number in (8, 6, 5, 2, 1, 0):
        day = days_before(number)
        for member in chance.sample(members, 6):
            a_receipt(member.enrolment_store, day, member, total=f"{chance.randint(10, 90)}.00")
        make_night(day)
        found[day] = published()
    a_receipt(store, NIGHT, members[0], total="999.00")
    make_night(NIGHT)
    return found | {NIGHT: published()}


def state_at(member: int, day: date) -> tuple[object, ...]:
    """What the last change up to that day says, else what the first later one began with."""
    rows = ScoreChange.unscoped.filter(member=member).order_by("day")
    if last := rows.filter(day__lte=day).last():
        return last.new, last.new_r, last.new_f, last.new_m
    if first := rows.first():
        return first.old, first.old_r, first.old_f, first.old_m
    score = MemberScore.unscoped.filter(member=member).first()
    return (score.segment, score.r, score.f, score.m) if score else (None,) * 4


def test_it_tells_what_every_night_published(nights: dict[date, States]) -> None:
    for day, states in nights.items():
        for member in Member.unscoped.values_list("pk", flat=True):
            expected = tuple(states.get(member, (None,) * 4))
            assert state_at(member, day) == expected, (day, member)
    assert len(nights) == 6
    assert ScoreChange.unscoped.filter(day=NIGHT).exists()


def test_it_finds_who_moved_between_any_two_nights(
    nights: dict[date, States], admin: Staff, manager: Staff, store: Store
) -> None:
    homes = dict(Member.unscoped.values_list("pk", "home_store"))
    for since, until in [(a, b) for a in nights for b in nights if a < b]:
        expected = {
            pk: (was, now)
            for pk in homes
            if (was := nights[since].get(pk, ("",))[0]) != (now := nights[until].get(pk, ("",))[0])
        }
        rows = ScoreChange.objects.visible_to(admin).between(since, until).by_member()
        assert {row["member"]: (row["was"], row["now"]) for row in rows} == expected
        own = ScoreChange.objects.visible_to(manager).between(since, until).by_member()
        assert {row["member"] for row in own} == {pk for pk in expected if homes[pk] == store.pk}


def test_who_erases_waits_for_a_night_that_is_being_published(store: Store, admin: Staff) -> None:
    member = make_member(store)
    erase = partial(member_erase, member=member, reason="Asked for in a letter", actor=admin)
    publishing = transaction.atomic()
    publishing.__enter__()
    lock(MemberScore)
    with beside(erase):
        killing.until(killing.somebody_waits_for_a_table)
        # What the night writes of the member goes with the rest: no foreign key would say that it stayed.
        ScoreChange.unscoped.create(member=member, day=NIGHT, new="new")
        publishing.__exit__(None, None, None)
    assert not ScoreChange.unscoped.exists() and not Member.unscoped.filter(pk=member.pk).exists()
