"""Any sequence of files: what is undone is as if it had never come."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from members.tags import KEY as TAGS
from organization.jobs import JobError
from organization.models import Import, ImportKind, Source, Store
from organization.services.secrets import CONTENT, Digests
from tests.organization.importing import take_in
from tests.organization.undoing import business_rows, refused, undo
from tests.sales.importing import CARTON, DRINK, PACK, line, make_products

pytestmark = pytest.mark.django_db

PHONES = [f"1990000000{n}" for n in range(3)]
UNKNOWN = ("777", "778", "779")
File = tuple[ImportKind, list[dict[str, Any]]]


@st.composite
def receipts(draw: st.DrawFn) -> dict[str, Any]:
    """Of a number there is one store and hour, so that the first of a member's receipts is told by time."""
    n = draw(st.integers(1, 5))
    is_return = draw(st.booleans())
    return line(
        f"R{n}",
        license_code="0001" if n % 2 else "0002",
        inputtime=f"202603{draw(st.integers(10, 13))}{n + 10}0000",
        mobilephone=draw(st.sampled_from(["", *PHONES])),
        dtl_barcode=draw(st.sampled_from([PACK, CARTON, DRINK, *UNKNOWN])),
        dtl_quantity=str(draw(st.integers(1, 2))),
        trade_type="1" if is_return else "0",
        original_orderid=f"R{draw(st.integers(1, 5))}" if is_return else "",
    )


@st.composite
def people(draw: st.DrawFn) -> dict[str, Any]:
    n = draw(st.integers(0, 2))
    return {
        "phone": PHONES[n],
        "wechat": draw(st.sampled_from(["", f"wx_000{n}"])),
        "name": draw(st.sampled_from(["", "王", "李"])),
        "sex": draw(st.sampled_from(["", "1", "2"])),
        "birth_date": draw(st.sampled_from(["", "1980-01-01"])),
        "store": draw(st.sampled_from(["0001", "0002"])),
        "enrolled_on": "2025-03-04",
        "consent_sms": draw(st.sampled_from(["", "1"])),
        "tags": draw(st.sampled_from(["", "regular"])),
    }


@st.composite
def goods(draw: st.DrawFn) -> dict[str, Any]:
    n = draw(st.integers(0, 2))
    return {
        "code": f"T{n + 1}",
        "name": draw(st.sampled_from(["云岭", "金叶"])),
        "pack_barcode": (PACK, "777", "778")[n],
        "carton_barcode": draw(st.sampled_from([(CARTON, "779", "")[n], ""])),
        "brand": draw(st.sampled_from(["", "云岭"])),
        "packs_per_carton": draw(st.sampled_from(["5", "10"])),
        "is_tobacco": draw(st.sampled_from(["0", "1"])),
    }


@st.composite
def stock(draw: st.DrawFn) -> dict[str, Any]:
    sold = draw(st.integers(0, 2))
    return {"store": draw(st.sampled_from(["0001", "0002"])), "day": "2026-03-05", "opening": "9",
            "product": f"T{draw(st.integers(1, 3))}", "received": "0", "sold": str(sold),
            "closing": str(9 - sold)}  # fmt: skip


@st.composite
def goods_in(draw: st.DrawFn) -> dict[str, Any]:
    return {"store": "0001", "number": f"G{draw(st.integers(1, 2))}", "type": "in", "day": "2026-03-05",
            "barcode": draw(st.sampled_from([PACK, CARTON, DRINK, "778"])),
            "quantity": str(draw(st.integers(1, 2)))}  # fmt: skip


def files(kind: ImportKind, rows: st.SearchStrategy[dict[str, Any]], key: str) -> st.SearchStrategy[File]:
    some = st.lists(rows, min_size=1, max_size=4, unique_by=lambda row: row[key])
    return some.map(lambda found: (kind, sorted(found, key=lambda row: str(row.get("inputtime")))))


SOME_FILES = st.lists(
    st.one_of(
        files(ImportKind.SALES, receipts(), "clientorderid"),
        files(ImportKind.MEMBERS, people(), "phone"),
        files(ImportKind.PRODUCTS, goods(), "code"),
        files(ImportKind.STOCK, stock(), "product"),
        files(ImportKind.SUPPLY, goods_in(), "barcode"),
    ),
    min_size=2,
    max_size=5,
)
SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def _company(store: Store, other_store: Store) -> None:
    make_products()
    # Made once, else each try would have other numbers and keys.
    Source.objects.create(name="POS")
    for key in (CONTENT, TAGS):
        Digests(key)


@contextmanager
def tried() -> Iterator[None]:
    """As it was afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def take(file: File, n: int = 0) -> Import:
    kind, rows = file
    return take_in(kind, rows, name=f"{n}.csv")


@SLOW
@given(SOME_FILES)
def test_the_last_file_can_be_undone_always_and_leaves_what_was_before(sent: list[File]) -> None:
    with tried():
        states, records = [], []
        for n, file in enumerate(sent):
            states.append(business_rows())
            records.append(take(file, n))
        for record, state in zip(reversed(records), reversed(states), strict=True):
            assert refused(record) == ""
            undo(record)
            assert business_rows() == state


@SLOW
@given(SOME_FILES, st.data())
def test_an_undone_file_is_as_one_that_never_came(sent: list[File], data: st.DataObject) -> None:
    chosen = data.draw(st.integers(0, len(sent) - 1))
    with tried():
        records = [take(file, n) for n, file in enumerate(sent)]
        event("refused" if refused(records[chosen]) else f"undone: {sent[chosen][0].value}")
        if refused(records[chosen]):
            before = business_rows()
            with pytest.raises(JobError):
                undo(records[chosen])
            assert business_rows() == before
            return
        undo(records[chosen])
        left = business_rows()
        transaction.set_rollback(True)
    with tried():
        for file in sent[:chosen] + sent[chosen + 1 :]:
            take(file)
        assert left == business_rows()


@SLOW
@given(SOME_FILES, st.randoms(use_true_random=False))
def test_all_undone_in_any_order_leaves_nothing(sent: list[File], chance: Any) -> None:
    with tried():
        before = business_rows()
        open_records = [take(file, n) for n, file in enumerate(sent)]
        while open_records:
            possible = [record for record in open_records if not refused(record)]
            record = chance.choice(possible)
            undo(record)
            open_records.remove(record)
        left = business_rows()
        # A brand that a later file used too may be left; no product has it, and no page shows it.
        assert left == before
