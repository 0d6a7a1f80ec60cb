"""However many shards, whoever takes them and whoever dies: the facts are the same."""

import threading
from typing import Any

import numpy as np
import pytest
from django.db import connection

from members.models import Member
from organization.database import shared_snapshot, snapshot
from organization.jobs import LeaseLost
from segmentation.models import NightlyRun, NightlyShard, PendingFacts, TouchedMember
from segmentation.nightly import shards, touched
from segmentation.nightly.reading import facts_between
from segmentation.nightly.standing import Compared
from segmentation.services import night_help
from tests.killing import SET_UP, another_process, kill_at_gate
from tests.segmentation.builders import (
    NIGHT,
    days_before,
    make_night,
    morning_after,
    published_rows,
    spoil_facts,
)

pytestmark = pytest.mark.django_db(transaction=True)

HELPER = SET_UP + "from segmentation.services import night_help\nnight_help(int(sys.argv[1]))"


@pytest.fixture(autouse=True)
def _counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables of a test are too small for the last ANALYZE to count them."""
    monkeypatch.setattr(shards, "RECEIPTS", "SELECT count(*) FROM sales_receipt")


def in_shards(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sales_receipt")
        receipts = cursor.fetchone()[0]
    monkeypatch.setattr(shards, "RECEIPTS_PER_SHARD", (receipts + 1) / number)


@pytest.fixture
def one_shard(crowd: list[Member], monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Any]]:
    in_shards(1, monkeypatch)
    make_night()
    return published_rows()


@pytest.mark.parametrize(("number", "made"), [(3, 4), (8, 8)])
def test_it_gives_the_same_in_any_number_of_shards(
    number: int, made: int, one_shard: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_shards(number, monkeypatch)
    seen, work_out = [], shards.work_out

    def count(night: NightlyRun, name: str) -> None:
        seen.append(night.shards.count())
        work_out(night, name)

    monkeypatch.setattr(shards, "work_out", count)
    spoil_facts()
    make_night(full=True)
    assert seen == [made]
    assert published_rows() == one_shard
    assert not NightlyShard.objects.exists()


def test_it_gives_the_same_for_few_members_in_shards(
    crowd: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(touched, "MOST_TOUCHED", 1_000)
    make_night(days_before(20))
    make_night()
    assert NightlyRun.objects.get(as_of=NIGHT).touched
    once = published_rows()
    spoil_facts()
    make_night(full=True)
    assert published_rows() == once
    NightlyRun.objects.filter(as_of=NIGHT).delete()
    monkeypatch.setattr(shards, "TOUCHED_PER_SHARD", 3)
    make_night()
    assert published_rows() == once


def test_another_process_takes_its_share(
    one_shard: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_shards(8, monkeypatch)
    run, helped = NightlyRun.objects.get(as_of=NIGHT), []

    def help_first(night: NightlyRun, name: str) -> None:
        with another_process(HELPER, run.pk) as process:
            assert process.wait(60) == 0
        helped.append(night.shards.filter(is_done=True).count())
        work_out(night, name)

    work_out = shards.work_out
    monkeypatch.setattr(shards, "work_out", help_first)
    spoil_facts()
    make_night(full=True)
    assert helped == [8]
    assert published_rows() == one_shard


def test_it_waits_for_no_helper_that_was_killed(
    one_shard: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_shards(8, monkeypatch)
    run, left = NightlyRun.objects.get(as_of=NIGHT), []

    def kill_one(night: NightlyRun, name: str) -> None:
        kill_at_gate("segmentation_nightlyshard", "NEW.is_done", run.pk, script=HELPER)
        claimed = night.shards.filter(is_done=False, claimed_at__isnull=False)
        left.append(claimed.count())
        work_out(night, name)

    work_out = shards.work_out
    monkeypatch.setattr(shards, "work_out", kill_one)
    spoil_facts()
    make_night(full=True)
    assert left == [1]
    assert published_rows() == one_shard


def test_a_shard_is_written_once_by_whoever_is_first(
    one_shard: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = shards._write

    def twice(shard: NightlyShard, found: Compared) -> None:
        write(shard, found)
        write(shard, found)
        assert PendingFacts.unscoped.count() == len(found.new.member) == len(one_shard["MemberScore"])

    in_shards(1, monkeypatch)
    monkeypatch.setattr(shards, "_write", twice)
    spoil_facts()
    assert make_night(full=True).status == "done"
    assert published_rows() == one_shard


def test_two_at_the_same_shards_do_each_once(
    one_shard: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_shards(8, monkeypatch)
    monkeypatch.setattr(shards, "LEAST_PATIENCE", 0.0)
    run = NightlyRun.objects.get(as_of=NIGHT)

    def both(night: NightlyRun, name: str) -> None:
        def other() -> None:
            try:
                work_out(night, name)
            finally:
                connection.close()

        thread = threading.Thread(target=other)
        thread.start()
        work_out(night, name)
        thread.join()

    work_out = shards.work_out
    monkeypatch.setattr(shards, "work_out", both)
    spoil_facts()
    make_night(full=True)
    assert published_rows() == one_shard
    assert not run.shards.exists()


def test_who_comes_too_late_writes_nothing(one_shard: dict[str, list[Any]]) -> None:
    run = NightlyRun.objects.get(as_of=NIGHT)
    with morning_after(NIGHT):
        assert night_help(run.pk) == 0
        with shared_snapshot() as old:
            shards.prepare(run, None, old)
        # The night that held this snapshot is gone; one that begins again makes new shards.
        assert night_help(run.pk) == 0
        with shared_snapshot() as name:
            shards.prepare(run, None, name)
            shard = run.shards.get()
            with snapshot(name):
                facts = facts_between(run, shard.above, shard.last)
            shards.prepare(run, None, name)
            shards._write(shard, Compared(facts, np.array([1])))
            assert not PendingFacts.unscoped.exists() and not TouchedMember.unscoped.exists()
            shards.prepare(run, None, "another")
            with pytest.raises(LeaseLost):
                shards.work_out(run, name)
