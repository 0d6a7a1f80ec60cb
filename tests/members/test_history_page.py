"""The score history of one member: each change with the receipts behind it, of the stores one sees."""

from datetime import timedelta

import pytest
from django.test import Client

from members.models import Member
from members.services import profiling_end
from organization.models import Staff, Store
from sales.models import Receipt
from sales.selectors import receipts_of
from segmentation import history
from segmentation.models import ScoreChange
from tests.conftest import make_member
from tests.segmentation.builders import NIGHT, a_receipt, days_before, make_night

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bought(store: Store, other_store: Store) -> dict[str, Receipt]:
    """One member with a receipt in each of three nights' stories; the others stand still."""
    member = make_member(store)
    for number in range(8):
        other = make_member(store)
        for visit in range(2):
            a_receipt(store, days_before(100 + number + visit), other, total=f"{40 + number}.00")
    found = {"old": a_receipt(store, days_before(370), member, total="900.00")}
    found["mid"] = a_receipt(store, days_before(60), member, total="20.00")
    make_night(days_before(10))
    found["new"] = a_receipt(store, days_before(4), member, total="30.00")
    found["far"] = a_receipt(other_store, days_before(3), member, total="30.00")
    make_night(days_before(2))
    found["late"] = a_receipt(store, days_before(20), member, total="300.00")
    make_night(NIGHT)
    return found


def steps(staff: Staff, member: Member) -> list[history.Step]:
    return history.steps(
        history.changes_of(staff, member.pk), before=None, receipts=receipts_of(staff, member)
    )


def test_it_tells_which_receipts_stand_behind_each_change(bought: dict[str, Receipt], admin: Staff) -> None:
    member = bought["mid"].member
    assert member
    last, first = steps(admin, member)
    assert (first.change.day, first.since) == (days_before(2), days_before(10))
    assert [receipt.pk for receipt in first.entered] == [bought["far"].pk, bought["new"].pk]
    assert (first.change.receipts, str(first.change.spend)) == (3, "80.00")
    assert first.change.last_day == days_before(3)
    # It came late: its day was in the window before, and no night had seen it.
    assert [receipt.pk for receipt in last.entered] == [bought["late"].pk]
    assert (last.change.receipts, str(last.change.spend), last.left) == (4, "380.00", [])


def test_it_tells_which_receipts_left(bought: dict[str, Receipt], admin: Staff, store: Store) -> None:
    member = bought["mid"].member
    assert member
    make_night(NIGHT + timedelta(days=310))
    (latest, *_others) = steps(admin, member)
    assert [receipt.pk for receipt in latest.left] == [bought["mid"].pk]
    assert latest.change.receipts == 3


def test_it_shows_receipts_of_own_stores_only(
    bought: dict[str, Receipt], client: Client, manager: Staff, admin: Staff
) -> None:
    member = bought["mid"].member
    assert member
    Member.unscoped.filter(pk=member.pk).update(home_store=bought["mid"].store)
    first = ScoreChange.unscoped.filter(member=member).order_by("day").first()
    assert first
    for staff, sees in ((manager, False), (admin, True)):
        client.force_login(staff)
        for url in (
            f"/members/{member.pk}/",
            f"/members/{member.pk}/history/",
            f"/members/changes/{first.pk}/",
        ):
            page = client.get(url)
            assert bought["new"].number in page.content.decode()
            assert (bought["far"].number in page.content.decode()) is sees, url
            assert "no-store" in page["Cache-Control"]
    counted = client.get(f"/members/changes/{first.pk}/").content.decode()
    assert bought["old"].number not in counted
    assert bought["late"].number not in counted
    assert "That night counted 3 receipts" in counted


def test_it_opens_no_change_of_a_member_one_does_not_see(
    bought: dict[str, Receipt], client: Client, manager: Staff, store: Store, other_store: Store
) -> None:
    member, other = bought["mid"].member, make_member(store)
    assert member
    change = ScoreChange.unscoped.filter(member=member).first()
    assert change
    Member.unscoped.filter(pk=member.pk).update(home_store=other_store)
    client.force_login(manager)
    assert client.get(f"/members/changes/{change.pk}/").status_code == 404
    assert client.get(f"/members/{member.pk}/history/").status_code == 404
    assert "No change yet" in client.get(f"/members/{other.pk}/history/").content.decode()


def test_it_forgets_the_history_of_who_leaves_all_groups(
    bought: dict[str, Receipt], client: Client, admin: Staff
) -> None:
    member = bought["mid"].member
    assert member
    profiling_end(member=member)
    client.force_login(admin)
    assert "No change yet" in client.get(f"/members/{member.pk}/history/").content.decode()
