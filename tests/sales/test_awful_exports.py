"""Every awful export: read right, counted right, or refused in words; every cent is in one place."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models import Sum

from demo.awful import PLAIN, RECEIPTS, REFUSED, SAME, write_awful
from organization.jobs import JobError
from organization.models import Import, Store
from sales.models import Receipt
from tests.organization.importing import counts
from tests.sales.importing import everything_stored, make_products, take

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _company(store: Store, other_store: Store) -> None:
    make_products()


def stored() -> Decimal:
    return Receipt.unscoped.aggregate(sum=Sum("total"))["sum"] or Decimal(0)


def check_money(record: Import, before: Decimal) -> None:
    """Read = stored + already here + set aside; what is stored grew by what is new, less what it replaced."""
    read, new, aside = record.amount_read, record.amount_stored, record.amount_quarantined
    assert read is not None and new is not None and aside is not None
    written = Receipt.unscoped.filter(imported_by=record)
    assert new == (written.aggregate(sum=Sum("total"))["sum"] or 0)
    if not record.updated:
        assert stored() - before == new
    if not record.unchanged:
        assert read == new + aside


@pytest.mark.parametrize("name", list(SAME))
def test_it_reads_the_same_receipts_however_they_are_written(name: str) -> None:
    """The plain file is there already: the same again changes nothing, to the last hash."""
    first = take(PLAIN)
    assert counts(first) == {"read": 40, "added": 40}
    before = everything_stored()
    again = take(SAME[name])
    assert counts(again) == {"read": 40, "unchanged": 40}
    assert again.amount_read == first.amount_read
    assert everything_stored() == before


@pytest.mark.parametrize("name", list(RECEIPTS))
def test_it_counts_every_row_and_every_cent(name: str, store: Store) -> None:
    case = RECEIPTS[name]
    for code, zone in case.zones.items():
        Store.unscoped.filter(code=code).update(time_zone=zone)
    for content, expected in zip(case.files, case.counts, strict=True):
        before = stored()
        record = take(content)
        assert counts(record) == expected
        check_money(record, before)
    assert (stored(), Receipt.unscoped.count()) == (case.stored, case.receipts)


@pytest.mark.parametrize("name", list(REFUSED))
def test_it_refuses_in_words(name: str) -> None:
    with pytest.raises(JobError) as refused:
        take(REFUSED[name].content)
    assert REFUSED[name].words in str(refused.value)
    assert not Receipt.unscoped.exists() and counts(Import.unscoped.get()) == {}


def test_it_writes_all_of_them_into_a_folder(tmp_path: Path) -> None:
    paths = write_awful(tmp_path)
    assert len(paths) > 60 and all(path.exists() for path in paths)
    assert (tmp_path / "same/plain.csv").read_bytes() == PLAIN
