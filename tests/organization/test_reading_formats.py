"""Whatever a table is written in and wrapped in, the same rows come out; what is made to harm is refused."""

import gzip
import io
import json
import struct
import zipfile
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demo.workbook import Cell, workbook
from organization.imports import containers, spreadsheet
from organization.jobs import JobError
from organization.models import Import, ImportKind, Store
from tests.organization.importing import counts, faults, take_in

HEADER = ["store_id", "license_code", "cust_name", "closing_hour"]
ROWS = [["S1", "0991", "南屏路店", "2"], ["S2", "0992", "北关店", "0"]]
CSV = "\n".join(",".join(row) for row in [HEADER, *ROWS]).encode() + b"\n"
OBJECTS = [dict(zip(HEADER, row, strict=True)) for row in ROWS]
JSONL = "\n".join(json.dumps(each, ensure_ascii=False) for each in OBJECTS).encode()

pytestmark = pytest.mark.django_db


def parquet(columns: dict[str, object] | None = None) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns) if columns else pa.Table.from_pylist(OBJECTS), out)
    return out.getvalue()


def archive(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members.items():
            target.writestr(name, content)
    return out.getvalue()


def packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def read(content: bytes) -> Import:
    return take_in(ImportKind.STORES, content)


def closing_hours() -> dict[str, int]:
    return dict(Store.unscoped.order_by("code").values_list("code", "closing_hour"))


FORMATS = {
    "csv": CSV,
    "jsonl": JSONL,
    "jsonl, escaped": "\n".join(json.dumps(dict(reversed(each.items()))) for each in OBJECTS).encode(),
    "parquet": parquet(),
    "xlsx": workbook([HEADER, *ROWS]),
    "xlsx, second sheet, rows below": workbook([], [[], [], HEADER, *ROWS]),
}


@pytest.mark.parametrize("wrapped", ["plain", "gzip", "zip"])
@pytest.mark.parametrize("name", list(FORMATS))
def test_it_reads_every_format_however_it_is_wrapped(name: str, wrapped: str) -> None:
    content = FORMATS[name]
    record = read({"plain": content, "gzip": packed(content), "zip": archive({"a": content})}[wrapped])
    assert counts(record) == {"read": 2, "added": 2}
    assert closing_hours() == {"S1": 2, "S2": 0}
    assert set(Store.unscoped.values_list("licence_number", flat=True)) == {"0991", "0992"}
    assert record.reading["format"] == name.split(",")[0]
    assert record.reading.get("wrapper", "plain") == wrapped


def test_it_tells_how_a_text_was_read() -> None:
    shown = read(CSV.replace(b",", b";")).reading
    assert (shown["delimiter"], shown["quote"], shown["encoding"]) == (";", '"', "utf-8")
    shown = read(archive({"x/stores.csv": CSV.decode().encode("utf-16")})).reading
    assert (shown["member"], shown["encoding"]) == ("stores.csv", "utf-16")
    assert read(FORMATS["xlsx, second sheet, rows below"]).reading["sheet"] == "Sheet2"


def test_it_leaves_the_clutter_of_archives_aside() -> None:
    content = archive({"__MACOSX/x": b"1", "x/": b"", "x/.DS_Store": b"2", "x/a.csv": CSV})
    assert counts(read(content)) == {"read": 2, "added": 2}


def test_it_takes_no_path_from_an_archive() -> None:
    assert read(archive({"../../etc/passwd": CSV})).reading["member"] == "passwd"


def test_it_keeps_every_digit_of_a_number(store: Store) -> None:
    rows: list[list[Cell]] = [
        ["clientorderid", "license_code", "inputtime", "dtl_barcode", "dtl_quantity", "dtl_amount"],
        ["R1", "990000000001", datetime(2026, 3, 5, 23, 59, 59), 6901028000001, 1, 0.1 + 0.2],
        ["R2", 990000000001, "20260305101500", "6901028000001", 3, 19.99],
    ]
    record = take_in(ImportKind.SALES, workbook(rows))
    assert counts(record) == {"read": 2, "added": 2}
    assert str(record.amount_stored) == "20.29"
    columns: dict[str, object] = {str(name): [row[at] for row in rows[1:]] for at, name in enumerate(rows[0])}
    columns |= {"inputtime": [datetime(2026, 3, 5, 23, 59, 59)] * 2, "license_code": ["0001"] * 2}
    columns |= {"dtl_barcode": [6901028000001.0, None], "clientorderid": ["R3", "R4"]}
    record = take_in(ImportKind.SALES, parquet(columns))
    assert counts(record) == {"read": 2, "added": 1, "quarantined": 1}
    assert faults(record) == [(2, "barcode", "This cell is empty.")]


def test_it_sets_a_line_aside_that_is_no_object() -> None:
    bad = ['{"store_id":', "[1]", '{"store_id":"\\ud800"}', '{"store_id":"a\\u0000"}']
    record = read("\n".join([JSONL.decode(), "", *bad]).encode())
    assert counts(record) == {"read": 7, "added": 2, "ignored": 1, "quarantined": 4}
    assert faults(record) == [(row, "", "This line is not a JSON object.") for row in (4, 5, 6, 7)]
    first = record.quarantine.order_by("row")[0]
    assert json.loads(first.raw) == ['{"store_id":']


def lying_about_size(content: bytes) -> bytes:
    """An archive whose directory says that its file has ten bytes."""
    packed = archive({"a": content})
    at = packed.rfind(b"PK\x01\x02")
    return packed[: at + 24] + struct.pack("<I", 10) + packed[at + 28 :]


def locked(content: bytes) -> bytes:
    packed = archive({"a": content})
    at = packed.rfind(b"PK\x01\x02")
    return packed[: at + 8] + b"\x01" + packed[at + 9 :]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (archive({"a": CSV, "b": CSV}), "holds 2 files"),
        (archive({}), "This file is ZIP."),
        (archive({"x/": b""}), "holds 0 files"),
        (archive({"a": archive({"b": CSV})}), "holds another archive"),
        (packed(packed(CSV)), "holds another archive"),
        (packed(b"%PDF-1.7"), "This file is PDF."),
        (packed(b""), "inside the archive is empty"),
        (locked(CSV), "locked with a password"),
        (lying_about_size(CSV), "The archive is damaged"),
        (archive({"a": CSV})[:-30], "The archive is damaged"),
        (packed(CSV)[:-12], "The archive is damaged"),
        (packed(CSV) + b"more", "The archive is damaged"),
        (b"\x1f\x8b" + CSV, "The archive is damaged"),
        (archive({f"a{n}" * 40: b"" for n in range(10_000)}), "too many files"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "This file is XLS."),
        (workbook([], []), "no sheet with data"),
        (workbook([HEADER]), "column names but no rows"),
        (archive({"xl/workbook.xml": b"<workbook/>"}), "The workbook cannot be read"),
        (parquet()[:-20], "The Parquet file is damaged"),
        (b"PAR1", "The Parquet file is damaged"),
        (parquet({"store_id": pa.array([], pa.string())}), "column names but no rows"),
        (parquet({"store_id": ["1"], "license_code": ["1"], "cust_name": ["a\0"]}), "zero bytes"),
        (JSONL + b'\n{"store_id": "' + b"x" * 1_100_000 + b'"}', "is longer than 1 MB"),
        (b'[{"store_id": "1"}, {"store_id": "' + b"x" * 1_400_000 + b'"}]', "From record 2 on this file"),
        (b'[{"store_id": "1"}, {"store_id": ', "From record 2 on this file"),
        (b'[{"store_id": "1"}] more', "From record 1 on this file"),
        (b'{"a": [{"store_id": "1"}], "b": [{"store_id": "1"}]}', "several lists of records (a, b)"),
        (("\n".join(json.dumps({f"c{n}": 1}) for n in range(501))).encode(), "500 different names"),
        ("a,b\n".encode("utf-16") + b"\x00", "begins as UTF-16, but byte 10"),
        (",".join(f"c{n}" for n in range(100_000)).encode() + b"\n", "columns; 500 at most"),
    ],
)  # fmt: skip
def test_it_refuses_what_it_cannot_read_with_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(JobError) as refused:
        read(content)
    assert sentence in str(refused.value)
    assert not Store.unscoped.exists()


def test_it_says_which_column_of_parquet_has_a_time_zone(store: Store) -> None:
    moment = pa.array([datetime(2026, 3, 5)], pa.timestamp("us", "UTC"))
    needed = {name: ["1"] for name in ("license_code", "number", "barcode", "quantity", "amount")}
    with pytest.raises(JobError, match="Column inputtime holds moments of a time zone"):
        take_in(ImportKind.SALES, parquet({**needed, "inputtime": moment}))


def test_it_stops_at_an_archive_that_grows_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "RATIO_FROM", 1 << 20)
    bomb = CSV + b"\n" * (20 << 20)
    for content in (packed(bomb), archive({"a": bomb})):
        with pytest.raises(JobError, match="unpacks to far more"):
            read(content)
    monkeypatch.setattr(containers, "MOST_RATIO", 1_000_000)
    monkeypatch.setattr(containers, "MOST_UNPACKED", 1 << 20)
    with pytest.raises(JobError, match="unpacks to far more"):
        read(packed(bomb))


def test_it_holds_no_more_in_memory_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MOST_IN_MEMORY", 1_000)
    with pytest.raises(JobError, match="too large to be read"):
        read(packed(parquet()))
    monkeypatch.setattr(spreadsheet, "MOST_IN_MEMORY", 1_000)
    with pytest.raises(JobError, match="more memory or time"):
        read(workbook([HEADER, *ROWS]))


@pytest.mark.parametrize(("name", "limit"), [("MEMORY", 8 << 20), ("CPU_SECONDS", 0)])
def test_it_loses_a_child_and_nothing_else_to_a_workbook_that_needs_too_much(
    name: str, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheet, name, limit)
    with pytest.raises(JobError, match="more memory or time"):
        read(workbook([HEADER, *ROWS]))
