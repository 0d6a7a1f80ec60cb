"""The cast every test knows, and services of the machine. Which Valkey database: tests/valkey.py."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import redis
from celery.contrib.testing.worker import start_worker
from django.conf import settings
from django.db import connection
from django.utils import timezone, translation
from pytest_django import DjangoDbBlocker, Settings
from structlog.contextvars import clear_contextvars

from config.celery import app
from members.models import Member
from organization import company, first_run
from organization.models import Region, Role, Staff, Store
from organization.services import region_ensure, staff_create
from segmentation import names

AUDIT_TABLES = tuple(f"organization_audit{name}" for name in ("event", "seal", "head", "check"))


def pytest_configure() -> None:
    """Static files as they lie in the source, without collecting them first; quick passwords."""
    plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": plain}}
    settings.WHITENOISE_AUTOREFRESH = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MFA_REQUIRED = False  # The cast has no phones; tests/organization/test_second_factor.py has.


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Tests with real transactions empty every table when they end, which the audit trail refuses."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table in AUDIT_TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER audit_no_truncate")


@pytest.fixture(autouse=True)
def _own_uploads(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "uploads"
    settings.STATIC_ROOT = tmp_path  # WhiteNoise warns of a folder that nobody has collected yet.


@pytest.fixture(autouse=True)
def _set_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As after the first run, with the company of the settings; what a test saves is forgotten."""
    monkeypatch.setattr(first_run, "_is_done", True)
    company.ROW.put(None, at=float("inf"))
    names.NAMES.put({}, at=float("inf"))
    yield
    timezone.deactivate()
    translation.deactivate()
    clear_contextvars()


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """A real Celery worker over the real broker, in a thread of this process."""
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    with start_worker(app, pool="solo", perform_ping_check=False, loglevel="ERROR"):
        yield


@pytest.fixture
def east(db: None) -> Region:
    return region_ensure(names=["测试公司", "东区"], names_en=["Test Company", "East"])


@pytest.fixture
def west(db: None) -> Region:
    return region_ensure(names=["测试公司", "西区"], names_en=["Test Company", "West"])


def make_store(region: Region, code: str, name: str = "") -> Store:
    return Store.unscoped.create(
        code=code,
        name=name or f"{code} 店",
        name_en=f"Store {code}",
        licence_number=f"9900{code:0>8}",
        region=region,
        time_zone="Asia/Shanghai",
    )


@pytest.fixture
def store(east: Region) -> Store:
    """南屏路店, in the east: the store of `manager`."""
    return make_store(east, "0001", "南屏路店")


@pytest.fixture
def other_store(west: Region) -> Store:
    """A store in the west, which nobody of the east may see."""
    return make_store(west, "0002", "北关店")


@pytest.fixture
def admin(db: None) -> Staff:
    return staff_create(username="admin", password="pw", role=Role.ADMIN)


@pytest.fixture
def manager(store: Store) -> Staff:
    return staff_create(username="manager", password="pw", role=Role.MANAGER, stores=[store])


@pytest.fixture
def marketer(east: Region) -> Staff:
    """Sees the east only."""
    return staff_create(username="marketer", password="pw", role=Role.MARKETER, regions=[east])


@pytest.fixture
def approver(east: Region) -> Staff:
    return staff_create(username="approver", password="pw", role=Role.APPROVER, regions=[east])


def make_member(store: Store, **fields: object) -> Member:
    values = {"enrolment_store": store, "home_store": store, "enrolled_on": date(2025, 1, 1), **fields}
    return Member.unscoped.create(**values)
