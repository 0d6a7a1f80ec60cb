"""Work beside other work, on a connection of its own."""

from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pyarrow as pa
import pytest
from django.db import connection
from django.utils import timezone
from django.utils.translation import get_language, override

from organization.database import beside
from organization.imports.ahead import ahead
from organization.imports.copying import copy_in
from organization.imports.reading import Layout, PlainFile
from organization.imports.tally import Aside, Tally
from organization.models import Source
from tests import killing

pytestmark = pytest.mark.django_db(transaction=True)


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def test_it_works_on_another_connection_in_the_same_language() -> None:
    found = []

    def work() -> None:
        Source.objects.create(name="0007")
        found.append((backend(), get_language()))

    with override("zh-hans"), beside(work):
        mine = backend()
    ((other, language),) = found
    assert other != mine and language == "zh-hans"
    assert Source.objects.filter(name="0007").exists()
    killing.until(lambda: not _is_there(other))  # A connection that was closed ends a moment later.


def _is_there(backend: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [backend])
        return bool(cursor.fetchone()[0])


def test_what_fails_on_either_side_is_raised() -> None:
    with pytest.raises(ZeroDivisionError), beside(lambda: 1 / 0):
        Source.objects.create(name="0008")
    assert Source.objects.filter(name="0008").exists()
    with pytest.raises(LookupError), beside(lambda: Source.objects.create(name="0009")):
        raise LookupError
    assert Source.objects.filter(name="0009").exists()


def test_what_is_made_ahead_is_in_the_same_language_and_zone() -> None:
    def items() -> Iterator[tuple[str | None, str]]:
        for _number in range(3):
            yield get_language(), timezone.get_current_timezone_name()

    with override("zh-hans"), timezone.override("America/New_York"):
        assert list(ahead(items())) == [("zh-hans", "America/New_York")] * 3


def test_what_a_copy_is_refused_for_is_raised() -> None:
    with pytest.raises(psycopg2.DataError):
        copy_in("organization_source", {"name": pa.array(["long" * 100])})
    assert not Source.objects.exists()


def test_what_fails_where_rows_are_set_aside_early_is_raised(tmp_path: Path) -> None:
    tally = Tally()
    tally.refuse(2, "a", "", "why")
    aside = Aside(tally, PlainFile(tmp_path / "gone.csv"), Layout("utf-8", ["a"], {}, []))
    aside.begin()
    with pytest.raises(FileNotFoundError):
        list(aside)
