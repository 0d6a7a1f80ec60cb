"""The night after an undo is the night that would have been without the import."""

from dataclasses import replace
from typing import Any

import pytest

from organization.models import Import, ImportKind, Source, Store
from sales.models import StoreDay, StoreHour
from segmentation.models import MemberScore, NightlyRun, NightlyShard, PendingRank
from segmentation.nightly import hooks, scores, shards
from segmentation.nightly.standing import Compared
from tests.members.test_import import row
from tests.organization.importing import take_in
from tests.organization.undoing import undo
from tests.sales.importing import line, make_products
from tests.segmentation.builders import days_before, make_night, morning_after, published_rows

pytestmark = pytest.mark.django_db(transaction=True)

PHONES = [f"1990000{n:04}" for n in range(40)]


@pytest.fixture(autouse=True)
def _no_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "_hooks", [])


def sold(number: str, phone: str, days: int, amount: str = "20.00", **cells: Any) -> dict[str, Any]:
    moment = f"{days_before(days):%Y%m%d}100000"
    return line(number, mobilephone=phone, inputtime=moment, dtl_amount=amount, **cells)


def first_file() -> list[dict[str, Any]]:
    return [sold(f"A{n}", PHONES[n % 39], n * 7, f"{n + 10}.00") for n in range(50)]


def other_file() -> list[dict[str, Any]]:
    """New receipts, corrections, a return of one of the first file, and a member nobody knew."""
    return [
        *[sold(f"B{n}", PHONES[39 - n % 3], n * 5, "33.00", license_code="0002") for n in range(12)],
        sold("A3", PHONES[3], 40, "99.00"),
        sold("A4", PHONES[0], 28, "14.00"),
        sold("C1", PHONES[2], 1, "12.00", trade_type="1", original_orderid="A2"),
    ]


def test_it_shows_what_it_would_have_shown_without_the_import(store: Store, other_store: Store) -> None:
    make_products()
    Source.objects.create(name="POS")
    take_in(ImportKind.MEMBERS, [row(mobile=phone) for phone in PHONES[:39]])
    take_in(ImportKind.SALES, first_file())
    assert make_night(days_before(1)).status == "done"
    with morning_after(days_before(1)):
        record: Import = take_in(ImportKind.SALES, other_file())
    make_night(days_before(1))
    with_import = published_rows()
    assert MemberScore.unscoped.count() == 40
    with morning_after(days_before(1)):
        undo(record)
    make_night(days_before(1))
    undone = published_rows()
    assert undone != with_import and MemberScore.unscoped.count() == 39
    # The night looked at few members, and yet shows what one that looks at all would.
    assert 0 < (NightlyRun.objects.get().touched or 0) < 15
    # The figures of all days once more, with nothing remembered of a night before.
    StoreDay.unscoped.all().delete()
    StoreHour.unscoped.all().delete()
    NightlyRun.objects.all().delete()
    make_night(days_before(1))
    assert _figures(published_rows()) == _figures(undone)


def _figures(rows: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {name: found for name, found in rows.items() if name not in ("models", "ScoreChange")}


@pytest.fixture
def of_somebody_new(store: Store, other_store: Store) -> Import:
    """An import after a night, whose only receipt is of a member nobody knew."""
    make_products()
    take_in(ImportKind.SALES, first_file())
    make_night(days_before(2))
    with morning_after(days_before(1)):
        record: Import = take_in(ImportKind.SALES, [sold("Z1", PHONES[39], 3)])
    return record


def test_a_member_who_goes_between_two_stages_is_not_published(
    of_somebody_new: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scores were read before the undo and written after it."""
    write = scores.STAGE.write

    def after_the_undo(run: NightlyRun, found: Any) -> Any:
        undo(of_somebody_new)
        return write(run, found)

    monkeypatch.setattr(scores, "STAGE", replace(scores.STAGE, write=after_the_undo))
    assert make_night(days_before(1)).status == "done"
    assert MemberScore.unscoped.count() == 39 and not PendingRank.unscoped.exists()


def test_a_member_who_goes_while_facts_are_worked_out_is_not_published(
    of_somebody_new: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The facts were read before the undo and written after it."""
    write = shards._write

    def after_the_undo(shard: NightlyShard, found: Compared) -> None:
        undo(of_somebody_new)
        write(shard, found)

    monkeypatch.setattr(shards, "_write", after_the_undo)
    assert make_night(days_before(1)).status == "done"
    assert MemberScore.unscoped.count() == 39
