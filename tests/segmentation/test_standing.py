"""A night from all receipts writes the published facts that do not stand, and no others."""

from typing import Any

import pytest
from django.db import connection

from members.models import Member, ProfilingObjection
from organization.models import Store
from sales.models import Receipt, ReceiptLine
from segmentation.models import FactFields, MemberScore, NightlyRun, NightlyStage, StageName
from segmentation.nightly import standing
from tests.conftest import make_member
from tests.segmentation.builders import NIGHT, a_product, a_receipt, days_before, make_night, published_rows

pytestmark = pytest.mark.django_db(transaction=True)
FACTS = {field.attname: field for field in FactFields._meta.local_concrete_fields}
OTHERWISE = {"DateField": "'2001-02-03'", "FloatField": "0.123", "ForeignKey": "77"}


@pytest.fixture
def published(crowd: list[Member]) -> dict[str, list[Any]]:
    make_night()
    return published_rows()


def change(column: str, value: str, member: Member) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE segmentation_memberscore SET {column} = {value} WHERE member_id = %s", [member.pk]
        )


def versions() -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT member_id, xmin::text FROM segmentation_memberscore")
        return dict(cursor.fetchall())


def facts_written() -> int | None:
    return NightlyStage.objects.get(run__as_of=NIGHT, name=StageName.FACTS).rows


@pytest.mark.parametrize("column", FACTS)
def test_a_wrong_fact_of_any_kind_is_found(
    column: str, crowd: list[Member], published: dict[str, list[Any]]
) -> None:
    assert standing.FACTS.keys() == FACTS.keys()
    change(column, OTHERWISE.get(FACTS[column].get_internal_type(), "5555"), crowd[3])
    assert published_rows() != published
    make_night(full=True)
    assert facts_written() == 1
    assert published_rows() == published


@pytest.mark.parametrize("column", [name for name, field in FACTS.items() if field.null])
def test_nothing_is_not_taken_for_something(
    column: str, crowd: list[Member], published: dict[str, list[Any]]
) -> None:
    was = getattr(MemberScore.unscoped.get(member=crowd[5]), column)
    change(column, "NULL", crowd[5])
    make_night(full=True)
    assert facts_written() == (was is not None)
    assert published_rows() == published


def test_rows_that_stand_are_left_as_they_are(crowd: list[Member], published: dict[str, list[Any]]) -> None:
    change("packs", "5555", crowd[3])
    before = versions()
    make_night(full=True)
    after = versions()
    assert {member for member in after if after[member] != before[member]} == {crowd[3].pk}
    assert NightlyRun.objects.get(as_of=NIGHT).touched is None


def test_who_came_and_who_went_are_seen(
    crowd: list[Member], published: dict[str, list[Any]], store: Store
) -> None:
    gone, came = crowd[7], make_member(store)
    ReceiptLine.unscoped.filter(member=gone).delete()
    Receipt.unscoped.filter(member=gone).delete()
    a_receipt(store, days_before(2), came, total="30.00", lines=[(a_product("P9"), 2)])
    make_night(full=True)
    assert not MemberScore.unscoped.filter(member=gone).exists()
    assert MemberScore.unscoped.get(member=came).packs == 2
    assert MemberScore.unscoped.count() == len(published["MemberScore"])


def test_a_published_row_without_a_member_s_receipts_goes(
    crowd: list[Member], published: dict[str, list[Any]], store: Store
) -> None:
    stranger = make_member(store)
    with connection.cursor() as cursor:
        names = ", ".join([*FACTS, "r", "f", "m", "segment", "value_class", "cluster"])
        cursor.execute(
            f"INSERT INTO segmentation_memberscore (member_id, {names}) SELECT %s, {names}"
            " FROM segmentation_memberscore WHERE member_id = %s",
            [stranger.pk, crowd[0].pk],
        )
    make_night(full=True)
    assert not MemberScore.unscoped.filter(member=stranger).exists()


def test_who_takes_an_objection_back_is_scored_again(
    crowd: list[Member], published: dict[str, list[Any]]
) -> None:
    """Also where the facts that are left are the right ones: counts and days stay with the row."""
    objection = ProfilingObjection.unscoped.create(member=crowd[2], at="2025-06-30T00:00:00Z", source="page")
    make_night(full=True)
    assert MemberScore.unscoped.get(member=crowd[2]).segment is None
    objection.delete()
    make_night(full=True)
    assert published_rows()["MemberScore"] == published["MemberScore"]


def test_a_home_that_was_changed_by_hand_is_put_right(
    crowd: list[Member], published: dict[str, list[Any]], other_store: Store
) -> None:
    Member.unscoped.filter(pk=crowd[4].pk).update(home_store=other_store)
    make_night(full=True)
    assert facts_written() == 1
    assert published_rows() == published


def test_who_bought_nothing_is_at_home_where_they_enrolled(
    crowd: list[Member], published: dict[str, list[Any]], store: Store, other_store: Store
) -> None:
    member = make_member(store)
    Member.unscoped.filter(pk=member.pk).update(home_store=other_store)
    make_night(full=True)
    assert Member.unscoped.get(pk=member.pk).home_store == store
    assert facts_written() == 0
