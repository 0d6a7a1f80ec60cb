"""The pages of accounts: who there is, invite, move, end and give back access."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from campaigns.services import campaign_start
from organization.models import AuditEvent, Region, Role, Staff, Store
from organization.services import region_ensure, staff_create, staff_invite
from tests.campaigns.cast import DAY, make_draft, make_night, make_reachable
from tests.conftest import make_store
from tests.proving import log_in_now


@pytest.fixture
def as_admin(admin: Staff, client: Client) -> Client:
    log_in_now(client, admin)
    return client


def listed(client: Client, **asked: Any) -> list[str]:
    return [row["account"].username for row in client.get("/staff/", asked).context["rows"]]


def said(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def fields(**changed: Any) -> dict[str, Any]:
    return {"username": "li", "name": "李", "email": "", "role": "manager", **changed}


def test_it_finds_accounts_by_name_username_and_address(as_admin: Client, manager: Staff) -> None:
    Staff.objects.filter(pk=manager.pk).update(first_name="李店长", email="li@example.com")
    for words in ("李店", "MANAG", "li@exa", "李 manager"):
        assert listed(as_admin, q=words) == ["manager"]
    assert listed(as_admin, q="nobody") == []
    assert "Nobody fits" in as_admin.get("/staff/", {"q": "nobody"}).content.decode()


def test_it_narrows_by_role_state_and_store(
    as_admin: Client, admin: Staff, manager: Staff, marketer: Staff, store: Store, other_store: Store
) -> None:
    assert listed(as_admin) == ["admin", "manager", "marketer"]
    assert listed(as_admin, role="manager") == ["manager"]
    assert listed(as_admin, store=store.pk) == ["manager"]
    assert listed(as_admin, store=other_store.pk) == []
    Staff.objects.filter(pk=marketer.pk).update(is_active=False)
    assert listed(as_admin, state="left") == ["marketer"]
    assert listed(as_admin, state="active") == ["admin", "manager"]
    assert listed(as_admin, state="invited") == ["manager"]  # The admin has logged in.


def test_it_counts_a_region_with_everything_below_it(
    as_admin: Client, manager: Staff, marketer: Staff, east: Region, west: Region
) -> None:
    below = region_ensure(names=["测试公司", "东区", "江北"])
    deep = staff_create(username="deep", password="pw", role=Role.APPROVER, regions=[below])
    assert listed(as_admin, region=east.pk) == ["deep", "manager", "marketer"]
    assert listed(as_admin, region=below.pk) == [deep.username]
    assert listed(as_admin, region=west.pk) == []


def test_it_sorts_and_pages(as_admin: Client) -> None:
    Staff.objects.bulk_create(Staff(username=f"u{n:03d}", role=Role.ADMIN) for n in range(60))
    assert listed(as_admin, sort="-username")[0] == "u059"
    assert len(listed(as_admin, page=2)) == 11


def test_it_asks_the_same_number_of_queries_for_a_whole_company(
    as_admin: Client, store: Store, django_assert_max_num_queries: Any
) -> None:
    Staff.objects.bulk_create(Staff(username=f"u{n:05d}", role=Role.MANAGER) for n in range(12_000))
    links = Staff.stores.through
    links.objects.bulk_create(
        links(staff_id=pk, store_id=store.pk)
        for pk in Staff.objects.filter(role=Role.MANAGER).values_list("pk", flat=True)
    )
    for asked in ({}, {"q": "u00", "region": store.region_id, "sort": "-login"}, {"page": 240}):
        with django_assert_max_num_queries(10):
            assert len(listed(as_admin, **asked)) == 50
    with django_assert_max_num_queries(30):
        assert len(as_admin.get("/staff.csv").getvalue().splitlines()) == 12_002


def test_it_exports_rows_that_may_be_imported_again(
    as_admin: Client, manager: Staff, marketer: Staff
) -> None:
    Staff.objects.filter(pk=manager.pk).update(first_name="=1+1")
    text = as_admin.get("/staff.csv", {"sort": "username"}).getvalue().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == [
        "Username",
        "Name",
        "E-mail address",
        "Role",
        "Stores",
        "Regions",
        "Active",
        "Last log-in",
    ]
    assert rows[2] == ["manager", "'=1+1", "", "manager", "0001", "", "1", ""]
    assert rows[3] == ["marketer", "", "", "marketer", "", "测试公司/东区", "1", ""]


def test_it_invites_and_shows_the_link_once(as_admin: Client, store: Store) -> None:
    answer = as_admin.post("/staff/new/", fields(stores=[store.pk]), follow=True)
    account = Staff.objects.get(username="li")
    assert (account.role, list(account.stores.all())) == ("manager", [store])
    assert not account.has_usable_password()
    page = f"/staff/{account.pk}/"
    assert answer.redirect_chain == [(page, 302)]
    assert "http://testserver/invitation/" in answer.content.decode()
    assert "http://testserver/invitation/" not in as_admin.get(page).content.decode()


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"role": "manager"}, "stores", "A store manager needs at least one store."),
        ({"role": "marketer"}, "regions", "A marketer or approver needs at least one region."),
        ({"username": "ADMIN", "role": "admin"}, "username", "Another account has this username."),
        ({"role": "boss"}, "role", "Select a valid choice. boss is not one of the available choices."),
    ],
)
def test_it_refuses_an_impossible_account_at_its_field(
    as_admin: Client, east: Region, changed: dict[str, Any], field: str, sentence: str
) -> None:
    answer = as_admin.post("/staff/new/", fields(**changed))
    assert answer.status_code == 422
    assert answer.context["form"].errors == {field: [sentence]}
    assert Staff.objects.count() == 1


def test_it_drops_the_fields_that_a_role_does_not_show(as_admin: Client, store: Store, east: Region) -> None:
    as_admin.post("/staff/new/", fields(role="marketer", stores=[store.pk], regions=[east.pk]))
    account = Staff.objects.get(username="li")
    assert (list(account.stores.all()), list(account.regions.all())) == ([], [east])


def test_it_moves_a_manager_who_gets_404_for_the_old_store_at_once(
    as_admin: Client, manager: Staff, marketer: Staff, store: Store, other_store: Store
) -> None:
    make_night()
    for _ in range(40):  # So many that the draw leaves no group empty.
        make_reachable(store)
    campaign = campaign_start(campaign=make_draft(marketer), actor=marketer, as_of=DAY)
    theirs = Client()
    theirs.force_login(manager)
    address = reverse("campaign", args=[campaign.pk])
    assert theirs.get(address).status_code == 200
    as_admin.post(f"/staff/{manager.pk}/", fields(stores=[other_store.pk]))
    assert theirs.get(address).status_code == 404
    event = AuditEvent.unscoped.get(code="staff.updated")
    assert (event.before, event.after) == ({"stores": ["0001"]}, {"stores": ["0002"]})
    assert event.data == {"personal": ["first_name"]}


def test_it_ends_open_sessions_for_good(as_admin: Client, manager: Staff) -> None:
    theirs = Client()
    theirs.force_login(manager)
    assert theirs.get("/").status_code == 200
    as_admin.post(f"/staff/{manager.pk}/deactivate/")
    assert theirs.get("/").status_code == 302
    assert as_admin.post(f"/staff/{manager.pk}/reactivate/").status_code == 302
    manager.refresh_from_db()
    assert manager.is_active and manager.check_password("pw")
    assert theirs.get("/").status_code == 302
    codes = AuditEvent.unscoped.filter(object_id=manager.pk, code__startswith="staff.").order_by("pk")
    assert list(codes.values_list("code", flat=True))[1:] == ["staff.deactivated", "staff.reactivated"]


def test_it_does_not_let_anybody_lock_themselves_out(as_admin: Client, admin: Staff, east: Region) -> None:
    staff_create(username="second", password="pw", role=Role.ADMIN)
    sentence = "You cannot take your own access away; another admin has to do it."
    assert said(as_admin.post(f"/staff/{admin.pk}/deactivate/")) == [sentence]
    answer = as_admin.post(f"/staff/{admin.pk}/", fields(role="marketer", regions=[east.pk]))
    assert answer.context["form"].errors == {"role": [sentence]}
    admin.refresh_from_db()
    assert admin.sees_everything


def test_it_gives_a_new_link_to_hand_over(as_admin: Client, manager: Staff) -> None:
    answer = as_admin.post(f"/staff/{manager.pk}/link/", follow=True)
    assert answer.context["link"].startswith("http://testserver/invitation/")
    Staff.objects.filter(pk=manager.pk).update(is_active=False)
    answer = as_admin.post(f"/staff/{manager.pk}/link/", follow=True)
    assert "is not active" in answer.content.decode()
    assert "link" not in answer.context or not answer.context["link"]


def test_it_hands_out_links_of_those_who_never_logged_in(
    as_admin: Client, admin: Staff, manager: Staff, store: Store
) -> None:
    invited = [
        staff_invite(
            actor=admin, username=name, name="", email="", role="manager", stores=[store], regions=[]
        )
        for name in ("a", "b", "c")
    ]
    Staff.objects.filter(username="c").update(is_active=False)
    answer = as_admin.post("/staff/links.csv?role=manager")
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert [row[0] for row in rows[1:]] == ["a", "b", "manager"]
    assert all(row[3].startswith("http://testserver/invitation/") for row in rows[1:])
    assert AuditEvent.unscoped.filter(code="staff.link_made", actor=admin).count() == 3
    ticked = as_admin.post("/staff/links.csv", {"account": [invited[1].pk, admin.pk, "x"]})
    assert len(ticked.getvalue().splitlines()) == 2
    none = as_admin.post("/staff/links.csv?q=nobody")
    assert none.status_code == 302 and "no link to make" in said(none)[0]


def test_it_offers_stores_that_fit_and_keeps_those_ticked(as_admin: Client, east: Region) -> None:
    stores = [make_store(east, f"7{n:03d}") for n in range(30)]
    asked = {"find": "7", "stores": [str(stores[29].pk)]}
    page = as_admin.get("/staff/store-options/", asked).content.decode()
    assert page.count('type="checkbox"') == 13 and page.count("checked") == 1
    assert "7029" in page
    assert "No store has this" in as_admin.get("/staff/store-options/", {"find": "zzz"}).content.decode()


def test_it_offers_all_stores_of_a_small_chain_at_once(as_admin: Client, east: Region) -> None:
    stores = [make_store(east, f"7{n:03d}") for n in range(8)]
    page = as_admin.get("/staff/new/").content.decode()
    assert all(store.code in page for store in stores)
    for n in range(8, 13):
        make_store(east, f"7{n:03d}")
    assert "7000" not in as_admin.get("/staff/new/").content.decode()


@pytest.mark.parametrize("view", ["staff_new", "staff_edit", "staff_link", "staff_links_csv"])
def test_a_session_left_open_gives_nobody_a_way_in(client: Client, admin: Staff, view: str) -> None:
    account = staff_create(username="late", password="pw", role=Role.ADMIN)
    with time_machine.travel(datetime(2026, 3, 20, 9, tzinfo=UTC)) as clock:
        log_in_now(client, admin)
        clock.shift(timedelta(minutes=11))
        address = reverse(view, args=[account.pk] if view in ("staff_edit", "staff_link") else [])
        sent = {"username": "mine", "role": "admin", "email": "mine@shop.example"}
        events = AuditEvent.unscoped.filter(code__startswith="staff.")
        before = events.count()
        answer = client.post(address, sent)
        assert answer.headers["Location"].startswith("/account/confirm/")
        assert events.count() == before
        # What was typed is not lost.
        client.post(answer.headers["Location"], {"password": "pw", "next": address})
        assert events.count() > before
