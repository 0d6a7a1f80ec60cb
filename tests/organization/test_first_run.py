"""The first run: only with the code, only while nobody has an account, and then one admin."""

import threading
from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from organization import company, first_run
from organization.models import Import, Region, Role, Source, Staff, Store
from organization.services import AlreadySetUp, first_admin_create, stores_create
from tests.organization.test_company import FIELDS

CODE = "abcd-efgh-jkmn-pqrs"
ADMIN = {
    "first_name": "Lin Mei",
    "username": "lin",
    "email": "",
    "password": "a quiet river bend",
    "again": "a quiet river bend",
}


@pytest.fixture
def empty(db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SETUP_CODE = CODE
    monkeypatch.setattr(first_run, "_is_done", False)


@pytest.fixture
def begun(empty: None, client: Client) -> Client:
    client.get("/setup/", {"code": CODE})
    return client


@pytest.mark.parametrize("address", ["/", "/login/", "/imports/", "/nowhere/"])
def test_it_leads_every_page_to_the_set_up(empty: None, client: Client, address: str) -> None:
    assert client.get(address)["Location"] == "/setup/"


def test_it_lets_a_stranger_choose_the_language(empty: None, client: Client) -> None:
    client.post("/language/", {"language": "zh-hans", "next": "/setup/"})
    assert '<html lang="zh-hans">' in client.get("/setup/").content.decode()


@pytest.mark.parametrize("typed", ["", "abcd-efgh-jkmn-pqrt", "é", "\0"])
def test_it_asks_for_the_code(empty: None, client: Client, typed: str) -> None:
    page = client.post("/setup/", {"code": typed})
    assert "setup/code.html" in [template.name for template in page.templates]
    for address in ("/setup/company/", "/setup/admin/"):
        assert client.post(address, {**FIELDS, **ADMIN})["Location"] == "/setup/"
    assert not Staff.objects.exists()


def test_it_takes_no_code_where_none_is_set(empty: None, client: Client, settings: Settings) -> None:
    settings.SETUP_CODE = ""
    assert client.post("/setup/", {"code": ""}).status_code == 200
    assert not first_run.code_fits("")


def test_it_takes_the_code_from_the_address_and_hides_it(empty: None, client: Client) -> None:
    assert client.get("/setup/", {"code": f" {CODE} "})["Location"] == "/setup/company/"


def test_it_goes_from_the_company_to_an_admin_who_is_logged_in(begun: Client) -> None:
    assert begun.post("/setup/company/", FIELDS)["Location"] == "/setup/admin/"
    assert begun.post("/setup/admin/", ADMIN)["Location"] == "/first-steps/stores/"
    admin = Staff.objects.get()
    assert (admin.role, admin.first_name) == (Role.ADMIN, "Lin Mei")
    assert begun.get("/first-steps/stores/").context["user"] == admin
    assert begun.get("/setup/").status_code == 404
    assert company.current().name == "Harbour Stores"


def test_it_goes_on_where_it_was_left(begun: Client) -> None:
    assert begun.get("/setup/admin/")["Location"] == "/setup/company/"
    begun.post("/setup/company/", FIELDS)
    assert begun.get("/setup/")["Location"] == "/setup/admin/"
    assert begun.get("/setup/company/").context["form"]["name"].value() == "Harbour Stores"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"password": "password1", "again": "password1"}, "password"),
        ({"password": "short", "again": "short"}, "password"),
        ({"username": "quietriver", "password": "quietriver1", "again": "quietriver1"}, "password"),
        ({"again": "something else"}, "again"),
        ({"username": ""}, "username"),
    ],
)
def test_it_refuses_a_weak_start(begun: Client, wrong: dict[str, str], field: str) -> None:
    begun.post("/setup/company/", FIELDS)
    page = begun.post("/setup/admin/", ADMIN | wrong)
    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]
    assert not Staff.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_makes_one_admin_of_two_at_once() -> None:
    gate = threading.Barrier(2)
    made: list[Staff | None] = []

    def ask(name: str) -> None:
        gate.wait(10)
        try:
            made.append(first_admin_create(username=name, password="pw", name=name, email=""))
        except AlreadySetUp:
            made.append(None)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Staff.objects.count() == 1
    assert made.count(None) == 1


@pytest.fixture
def inside(client: Client, admin: Staff) -> Iterator[Client]:
    client.force_login(admin)
    yield client


def rows(*stores: tuple[str, str, str, str]) -> dict[str, str]:
    sent = {"stores-TOTAL_FORMS": str(len(stores)), "stores-INITIAL_FORMS": "0"}
    for number, values in enumerate(stores):
        for name, value in zip(("name", "licence_number", "code", "region"), values, strict=True):
            sent[f"stores-{number}-{name}"] = value
    return sent


def test_it_takes_stores_by_hand(inside: Client) -> None:
    sent = rows(("南屏路店", "991", "S1", "东区/滨江"), ("", "", "", ""), ("北关店", "992", "", ""))
    assert inside.post("/first-steps/stores/", sent)["Location"] == "/first-steps/files/"
    first, second = Store.unscoped.order_by("licence_number")
    east = Region.objects.get(name="东区")
    assert (first.code, first.region.name, first.region.parent) == ("S1", "滨江", east)
    assert (second.code, second.region.name, second.time_zone) == ("992", "Company", "Asia/Shanghai")


@pytest.mark.parametrize("second", [("B", "991", "S2", ""), ("B", "992", "S1", ""), ("B", "", "", "")])
def test_it_refuses_stores_that_clash(inside: Client, second: tuple[str, str, str, str]) -> None:
    page = inside.post("/first-steps/stores/", rows(("A", "991", "S1", ""), second))
    assert page.status_code == 422
    assert page.context["form"].errors[1]
    assert not Store.unscoped.exists()


def test_it_refuses_a_store_that_is_here_already(inside: Client, admin: Staff) -> None:
    stores_create(actor=admin, rows=[{"name": "A", "licence_number": "991"}])
    assert inside.post("/first-steps/stores/", rows(("B", "991", "", ""))).status_code == 422


def test_it_takes_the_first_files(inside: Client) -> None:
    page = inside.get("/first-steps/files/", {"kind": "members"})
    assert page.context["form"].initial["kind"] == "members"
    file = SimpleUploadedFile("stores.csv", b"code,licence_number,name\n1,991,A\n")
    sent = {"kind": "stores", "source": "POS", "uploads": file}
    assert inside.post("/first-steps/files/", sent)["Location"] == "/first-steps/files/"
    assert Import.unscoped.get().kind == "stores"
    assert "stores.csv" in inside.get("/first-steps/files/").content.decode()


@pytest.mark.parametrize(("aside", "warned"), [(57, True), (32, False), (0, False)])
def test_it_warns_of_a_file_that_was_mostly_set_aside(inside: Client, aside: int, warned: bool) -> None:
    source = Source.objects.get_or_create(name="POS")[0]
    record = Import.unscoped.create(
        kind="products", source=source, file_name="goods.csv", read=65, added=65 - aside, quarantined=aside
    )
    Import.unscoped.filter(pk=record.pk).update(finished_at=timezone.now())
    page, home = (inside.get(address).content.decode() for address in ("/first-steps/files/", "/"))
    assert ("Most rows of this file were set aside" in page) is warned
    told = f'<a class="pill warn" href="/imports/{record.pk}/">{aside} to fix</a>'
    assert (told in page, told in home) == (bool(aside), bool(aside))


def test_it_takes_every_format_that_is_read(inside: Client) -> None:
    assert ".xlsx" in inside.get("/first-steps/files/").content.decode()


def test_it_offers_no_blank_language(begun: Client) -> None:
    assert "---" not in begun.get("/setup/company/").content.decode()


def test_it_says_in_chinese_that_a_password_is_too_short(begun: Client) -> None:
    begun.post("/setup/company/", FIELDS)
    begun.post("/language/", {"language": "zh-hans", "next": "/setup/"})
    page = begun.post("/setup/admin/", {**ADMIN, "password": "河湾", "again": "河湾"}).content.decode()
    assert "密码太短：至少需要 10 个字符。" in page and "too short" not in page
