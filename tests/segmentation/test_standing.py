"""A night from all receipts writes the published facts that do not stand, and no others."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from members.models import Member, ProfilingObjection
from organization.models import Store
from sales.models import Receipt, ReceiptLine
from segmentation.models import FactFields, MemberScore, NightlyRun, NightlyStage, StageName
from segmentation.nightly import publish, standing
from segmentation.nightly.objections import profile_clear
from segmentation.nightly.stage import Outcome, Stage
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


RANKS = {"r": "r + 32", "f": "6", "m": "m + 32", "segment": "'new'", "value_class": "'xyz'", "cluster": "99"}


@pytest.mark.parametrize("wrong", [RANKS, dict.fromkeys(RANKS, "NULL")], ids=["wrong", "missing"])
@pytest.mark.parametrize("column", RANKS)
def test_a_wrong_score_is_found(
    column: str, wrong: dict[str, str], crowd: list[Member], published: dict[str, list[Any]]
) -> None:
    for member in crowd:
        change(column, wrong[column], member)
    make_night(full=True)
    assert published_rows()["MemberScore"] == published["MemberScore"]


@pytest.mark.parametrize("column", RANKS)
def test_scores_without_receipts_go(column: str, crowd: list[Member], store: Store) -> None:
    silent = make_member(store)
    a_receipt(store, days_before(500), silent, total="30.00", lines=[(a_product("P9"), 2)])
    make_night()
    published = published_rows()
    change(column, "'new'" if column in ("segment", "value_class") else "5", silent)
    make_night(full=True)
    assert published_rows() == published


@pytest.mark.parametrize("full", [True, False])
def test_who_objects_and_takes_it_back_while_a_night_is_made_is_whole_the_night_after(
    full: bool, crowd: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scores are worked out by then, and the facts that were published are cleared."""
    make_night(days_before(1))
    wrong = crowd[3]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE segmentation_memberscore SET r = 6 - r WHERE member_id = %s", [wrong.pk])
    write = publish.write

    def objected(run: NightlyRun, nothing: None) -> Outcome:
        profile_clear(wrong.pk)
        return write(run, nothing)

    monkeypatch.setattr(publish, "STAGE", Stage(publish.read, objected))
    make_night(full=full)
    monkeypatch.undo()
    assert MemberScore.unscoped.get(member=wrong).segment is None
    make_night(NIGHT + timedelta(days=1))
    row = MemberScore.unscoped.get(member=wrong)
    assert row.segment and row.mean_ticket


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
