"""Django's admin: behind our own door, for admins only, and to look at only."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from organization.models import Import, ImportKind, Job, Source, Staff, Store
from segmentation.models import NightlyRun, NightlyStage

PERSONAL = {"member", "memberidentity", "staff", "quarantinedrow", "auditevent", "message", "receipt"}


@pytest.fixture
def rows(admin: Staff, store: Store) -> dict[type[Model], int]:
    """One of each thing that is shown."""
    job = Job.unscoped.create(kind="import", label="sales.csv", asked_by=admin, status="failed", error="No.")
    source = Source.objects.create(name="POS")
    record = Import.unscoped.create(kind=ImportKind.SALES, source=source, file_name="sales.csv", job=job)
    night = NightlyRun.objects.create(as_of=date(2026, 3, 19))
    stage = NightlyStage.objects.create(run=night, name="facts", status="done", started_at=night.started_at)
    made: tuple[Model, ...] = (store, store.region, job, source, record, night, stage)
    return {type(row): row.pk for row in made}


def patterns(urls: Any) -> Iterator[URLPattern]:
    for url in urls:
        if isinstance(url, URLResolver):
            yield from patterns(url.url_patterns)
        else:
            yield url


def addresses(rows: dict[type[Model], int]) -> dict[str, str]:
    """Every address of the admin by its name; those of a model with the row of that model."""
    keys = {f"{model._meta.app_label}_{model._meta.model_name}": pk for model, pk in rows.items()}
    found = {}
    for pattern in patterns(admin.site.urls[0]):
        name = pattern.name or ""
        arguments: tuple[Any, ...] = ()
        if name == "app_list":
            arguments = ("organization",)
        elif name.endswith(("_change", "_delete", "_history")):
            arguments = (keys[name.rpartition("_")[0]],)
        if name:
            found[name] = reverse(f"admin:{name}", args=arguments)
    return found


def expected(name: str) -> int:
    """What an admin is answered: all may be seen, nothing made, changed or deleted."""
    if name == "login":
        return 302
    return 403 if name.endswith(("_add", "_delete")) else 200


def test_it_shows_one_row_of_everything_registered(rows: dict[type[Model], int]) -> None:
    assert set(admin.site._registry) == set(rows)


def test_it_shows_nothing_personal() -> None:
    assert not PERSONAL & {str(model._meta.model_name) for model in admin.site._registry}


def test_it_answers_each_role_at_every_address(
    client: Client,
    rows: dict[type[Model], int],
    admin: Staff,
    manager: Staff,
    marketer: Staff,
    approver: Staff,
) -> None:
    found = addresses(rows)
    assert len(found) > 30
    client.force_login(admin)
    assert {name: client.get(url).status_code for name, url in found.items()} == {
        name: expected(name) for name in found
    }
    for other in (manager, marketer, approver):
        client.force_login(other)
        assert {client.get(url).status_code for url in found.values()} == {403}


def test_it_takes_no_form(client: Client, rows: dict[type[Model], int], admin: Staff) -> None:
    client.force_login(admin)
    for name, url in addresses(rows).items():
        if name.endswith(("_add", "_change", "_delete")):
            assert client.post(url, {"name": "changed"}).status_code == 403, name


def test_it_sends_strangers_to_our_log_in(client: Client, rows: dict[type[Model], int]) -> None:
    for url in addresses(rows).values():
        last, _status = client.get(url, follow=True).redirect_chain[-1]
        assert last.startswith("/login/?next=/admin/"), url


def test_it_has_no_other_door(client: Client, admin: Staff) -> None:
    client.force_login(admin)
    for path in ("logout/", "password_change/", "autocomplete/", "r/1/1/", "nothing/"):
        assert client.get(f"/admin/{path}").status_code == 404


@pytest.mark.parametrize("flag", ["is_staff", "is_superuser"])
def test_it_cares_for_the_role_alone(client: Client, marketer: Staff, flag: str) -> None:
    setattr(marketer, flag, True)
    marketer.save()
    client.force_login(marketer)
    assert client.get("/admin/").status_code == 403


def test_it_speaks_chinese(client: Client, rows: dict[type[Model], int], admin: Staff) -> None:
    client.force_login(admin)
    client.post("/language/", {"language": "zh-hans"})
    page = client.get("/admin/").content.decode()
    for word in ("慧烟运维", "门店", "片区", "文件来源", "夜间计算"):
        assert word in page
