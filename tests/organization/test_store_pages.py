"""The page of regions and stores: who finds what, and what a change means."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from organization.models import AuditEvent, Region, Role, Staff, Store
from organization.services import region_ensure, staff_create
from tests.conftest import make_member, make_store


@pytest.fixture
def as_admin(admin: Staff, client: Client) -> Client:
    client.force_login(admin)
    return client


def listed(client: Client, **asked: Any) -> list[str]:
    return [row.store.code for row in client.get("/stores/", asked).context["rows"]]


def change(store: Store, **changed: Any) -> dict[str, Any]:
    fields = ("name", "name_en", "time_zone", "closing_hour")
    values = {name: getattr(store, name) for name in fields}
    return {**values, "region": store.region_id, "is_active": "on", **changed}


def said(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_it_says_what_to_do_where_there_is_no_store(as_admin: Client) -> None:
    assert "No stores yet" in as_admin.get("/stores/").content.decode()


def test_it_finds_and_narrows(as_admin: Client, store: Store, other_store: Store) -> None:
    deep = make_store(region_ensure(names=["测试公司", "东区", "江北"]), "0003")
    Store.unscoped.filter(pk=deep.pk).update(is_active=False)
    assert listed(as_admin) == ["0001", "0002", "0003"]
    assert listed(as_admin, q="南屏") == listed(as_admin, q=store.licence_number) == ["0001"]
    assert listed(as_admin, region=store.region_id) == ["0001", "0003"]
    assert listed(as_admin, state="closed") == ["0003"]
    assert listed(as_admin, sort="-code") == ["0003", "0002", "0001"]
    assert "Nothing found" in as_admin.get("/stores/", {"q": "zzz"}).content.decode()


def test_it_counts_staff_members_and_stores_below(
    as_admin: Client, manager: Staff, store: Store, other_store: Store
) -> None:
    for _ in range(3):
        make_member(store)
    left = staff_create(username="left", password="pw", role=Role.MANAGER, stores=[store])
    Staff.objects.filter(pk=left.pk).update(is_active=False)
    context = as_admin.get("/stores/").context
    assert context["counted"] == ["Members"]
    assert [(row.staff, row.others) for row in context["rows"]] == [(1, [3]), (0, [0])]
    assert {str(row.region): row.stores for row in context["regions"]} == {
        "Test Company": 2,
        "East": 1,
        "West": 1,
    }


def test_it_asks_the_same_number_of_queries_for_many_stores(
    as_admin: Client, east: Region, django_assert_max_num_queries: Any
) -> None:
    for number in range(120):
        make_store(east, f"{number:04d}")
    with django_assert_max_num_queries(12):
        assert len(listed(as_admin)) == 50
    with django_assert_max_num_queries(8):
        lines = as_admin.get("/stores.csv").getvalue().decode().splitlines()
    assert len(lines) == 121 and "测试公司/东区" in lines[1]


def test_it_changes_a_store_and_says_what_stays(as_admin: Client, store: Store, west: Region) -> None:
    address = f"/stores/{store.pk}/"
    answer = as_admin.post(address, change(store, closing_hour=3, region=west.pk))
    assert "Receipts already stored keep their business day" in said(answer)[0]
    store.refresh_from_db()
    assert (store.closing_hour, store.region) == (3, west)
    event = AuditEvent.unscoped.get(code="store.updated")
    assert event.before == {"closing_hour": 0, "region": "东区"}
    assert event.after == {"closing_hour": 3, "region": "西区"}
    assert said(as_admin.post(address, change(store)))[-1] == "Nothing changed."
    assert AuditEvent.unscoped.filter(code="store.updated").count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time_zone", "Asia/Nowhere"),
        ("closing_hour", "7"),
        ("region", "999999"),
        ("name", ""),
        ("time_zone", "../etc"),
    ],
)
def test_it_refuses_what_no_store_can_be(as_admin: Client, store: Store, field: str, value: str) -> None:
    answer = as_admin.post(f"/stores/{store.pk}/", change(store, **{field: value}))
    assert answer.status_code == 422 and list(answer.context["form"].errors) == [field]
    assert not AuditEvent.unscoped.filter(code="store.updated").exists()


def test_it_makes_and_renames_a_region(as_admin: Client, east: Region) -> None:
    as_admin.post("/regions/new/", {"name": "江北", "name_en": "", "parent": east.pk})
    made = Region.objects.get(name="江北")
    assert made.path == f"{east.path}{made.pk}/"
    as_admin.post(f"/regions/{made.pk}/", {"name": "江南", "name_en": "South Bank", "parent": east.pk})
    made.refresh_from_db()
    assert (made.name, made.name_en, made.path) == ("江南", "South Bank", f"{east.path}{made.pk}/")
    codes = list(AuditEvent.unscoped.filter(code__startswith="region.").values_list("code", flat=True))
    assert codes == ["region.created", "region.updated"]


def test_it_moves_a_region_with_all_below_it(
    as_admin: Client, store: Store, marketer: Staff, east: Region, west: Region
) -> None:
    deep = region_ensure(names=["测试公司", "东区", "江北", "码头"])
    lower = make_store(deep, "0003")
    above = deep.parent
    assert above is not None
    assert lower in Store.objects.visible_to(marketer)
    as_admin.post(f"/regions/{above.pk}/", {"name": "江北", "name_en": "", "parent": west.pk})
    for region in (above, deep):
        region.refresh_from_db()
    assert above.path == f"{west.path}{above.pk}/" and deep.path == f"{above.path}{deep.pk}/"
    assert list(Store.objects.visible_to(marketer)) == [store]
    assert listed(as_admin, region=west.pk) == ["0003"]


@pytest.mark.parametrize("to", ["itself", "below"])
def test_it_refuses_a_region_within_itself(as_admin: Client, east: Region, to: str) -> None:
    deep = region_ensure(names=["测试公司", "东区", "江北", "码头"])
    target = east if to == "itself" else deep
    answer = as_admin.post(f"/regions/{east.pk}/", {"name": "东区", "name_en": "East", "parent": target.pk})
    assert answer.status_code == 422 and "within itself" in str(answer.context["form"].errors["parent"])
    east.refresh_from_db()
    assert east.parent != target


@pytest.mark.parametrize(("name", "sentence"), [("西区", "a region of this name"), ("东/西", "cannot hold")])
def test_it_refuses_a_name_that_files_could_not_tell(
    as_admin: Client, east: Region, west: Region, name: str, sentence: str
) -> None:
    answer = as_admin.post(f"/regions/{east.pk}/", {"name": name, "name_en": "", "parent": east.parent_id})
    assert answer.status_code == 422 and sentence in str(answer.context["form"].errors["name"])
