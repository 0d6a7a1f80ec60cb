"""Files made to stop a worker, fill its memory or end in a traceback are refused or set aside in words."""

import io
import json
import time
from collections.abc import Callable
from contextlib import suppress

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demo.workbook import workbook
from organization.imports import columns, jsonlines, spreadsheet, tables
from organization.imports.shapes import each_text
from organization.imports.values import DateForm, NumberForm
from organization.jobs import JobError
from organization.models import ImportKind, Job, Store
from sales.imports.formats.scan_data import plain_moment
from tests.organization.importing import counts, queue, take_in

HEADER = "store,number,line,moment,barcode,quantity,amount\n"


def _line(store: Store, *, number: str = "1", amount: str = "10.00") -> str:
    return f'{store.licence_number},{number},1,2026-03-05 10:00:00,6901028000017,1,"{amount}"\n'


@pytest.mark.parametrize("text", ["(" + " " * 1_500 + "x", "(+" + " " * 97 + "x", "1 " * 50_000 + "x"])
def test_no_number_takes_long_to_be_none(text: str) -> None:
    began = time.process_time()
    assert NumberForm().canonical(text) is None
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    "read",
    [DateForm("moment").canonical, columns.moment, lambda text: each_text(pa.array([text]), plain_moment)],
)
@pytest.mark.parametrize("text", ["x" * 100_000 + "\ny\ny", "T" * 100_000 + " x x"])
def test_no_moment_takes_long_to_be_none(read: Callable[[str], object], text: str) -> None:
    began = time.process_time()
    with suppress(columns.BadCell):
        read(text)
    assert time.process_time() - began < 0.5


def test_a_number_of_a_million_digits_is_set_aside(store: Store) -> None:
    rows = HEADER + _line(store) + _line(store, number="2", amount="9" * 1_100_000)
    assert counts(take_in(ImportKind.SALES, rows)) == {"read": 2, "added": 1, "quarantined": 1}


def test_half_a_letter_in_a_document_is_set_aside(store: Store) -> None:
    good = dict(zip(HEADER.strip().split(","), _line(store).replace('"', "").strip().split(","), strict=True))
    record = take_in(ImportKind.SALES, f'[{{"number":"\\ud800"}}, "\\ud800", {json.dumps(good)}]')
    assert counts(record) == {"read": 3, "added": 1, "quarantined": 2}
    assert "\\ud800" in str(record.quarantine.order_by("row")[0].raw)


def test_why_a_document_is_refused_can_be_stored(db: None) -> None:
    job = queue(ImportKind.SALES, '{"\\u0000": [{"a": 1}], "\\ud800": [{"a": 1}]}').job
    assert job is not None
    with pytest.raises(JobError, match="several lists") as refusal:
        take_in(ImportKind.SALES, '{"\\u0000": [{"a": 1}], "\\ud800": [{"a": 1}]}')
    Job.unscoped.filter(pk=job.pk).update(error=str(refusal.value))


def test_spaces_without_end_are_no_document(db: None) -> None:
    began = time.process_time()
    with pytest.raises(JobError, match="not JSON"):
        take_in(ImportKind.SALES, '{"a":[' + " " * 30_000_000 + '{"number": 1}]}')
    assert time.process_time() - began < 3


def test_what_can_be_read_but_not_written_is_no_object() -> None:
    deep: list[object] = []
    for _level in range(100_000):
        deep = [deep]
    assert jsonlines.texts_of({"a": deep}) is None
    assert jsonlines.storable(deep) == ""
    while deep:  # Left to itself it would be taken apart by as many calls.
        deep = deep.pop()  # type: ignore[assignment]


def test_a_batch_of_long_objects_ends_before_its_rows_do() -> None:
    gathered = jsonlines.Columns(["a"])
    for row in range(9):
        assert not gathered.is_full
        gathered.add(row, {"a": "x" * (1 << 20)})
    assert gathered.is_full
    gathered.cut()
    assert not gathered.is_full


def test_the_name_of_a_column_is_no_novel(db: None) -> None:
    with pytest.raises(JobError, match="column names"):
        take_in(ImportKind.SALES, f"number,{'x' * 2_001}\n1,2\n")


def test_empty_lines_below_many_columns_do_not_fill_the_memory(store: Store) -> None:
    names = ",".join([HEADER.strip(), *(f"c{at}" for at in range(490))])
    with pytest.raises(JobError, match="far more rows"):
        take_in(ImportKind.SALES, names + "\n" * 1_000_000)


@pytest.mark.parametrize("row", ["a,b\n", "{store},2,1,2026-03-05 10:00:00,6901028000017,1,x\n"])
def test_a_file_of_nothing_but_faults_is_refused(
    row: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MOST_ASIDE", 50)
    monkeypatch.setattr("organization.imports.tally.MOST_ASIDE", 50)
    good = HEADER + _line(store)
    row = row.format(store=store.licence_number)
    assert counts(take_in(ImportKind.SALES, good + row * 50))["quarantined"] == 50
    with pytest.raises(JobError, match=r"fault|are wrong"):
        take_in(ImportKind.SALES, good + row * 60)


def _parquet(**columns: object) -> bytes:
    target = io.BytesIO()
    pq.write_table(pa.table(columns), target)
    return target.getvalue()


def test_a_text_that_every_row_names_does_not_fill_the_memory(store: Store) -> None:
    rows = {title: ["1"] * 20_000 for title in HEADER.strip().split(",")}
    with pytest.raises(JobError, match="far more rows"):
        take_in(ImportKind.SALES, _parquet(**{**rows, "barcode": ["x" * 20_000] * 20_000}))


@pytest.mark.parametrize(
    ("title", "values", "says"),
    [
        ("x\0y", pa.array(["1"]), "zero bytes"),
        ("x", pa.array([[2**62]], pa.list_(pa.timestamp("us"))), "damaged"),
    ],
)
def test_odd_columns_of_parquet_are_refused(store: Store, title: str, values: pa.Array, says: str) -> None:
    rows = {title: ["1"] for title in HEADER.strip().split(",")}
    with pytest.raises(JobError, match=says):
        take_in(ImportKind.SALES, _parquet(**rows, **{title: values}))


def test_a_text_that_every_cell_of_a_sheet_names_is_not_written_for_ever(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheet, "RATIO_FROM", 4 << 20)
    monkeypatch.setattr(spreadsheet, "MOST_RATIO", 1)
    rows = [["x" * 30_000]] * 400
    with pytest.raises(JobError, match="more memory or time"):
        take_in(ImportKind.SALES, workbook(rows))
