"""Whatever is sent: a clear sentence and an unchanged database, or a row set aside; nothing is lost."""

import json
from pathlib import Path

import pytest

from organization.imports import columns as cells
from organization.imports import delimited, tally
from organization.imports.columns import BadCell
from organization.imports.reading import Layout, WrongWidth, read_batches
from organization.jobs import JobError
from organization.models import Import, ImportKind, Store
from organization.sealing import SealedFile, SealedWriter
from tests.organization.importing import counts, faults, take_in

HEADER = "store_id,license_code,cust_name,region\n"
ROWS = "S1,991,南屏路店,公司/东区\nS2,992,北关店,公司/西区\n"
FILE = HEADER + ROWS

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "content",
    [
        FILE.encode(),
        b"\xef\xbb\xbf" + FILE.encode(),
        FILE.encode("gb18030"),
        FILE.encode("utf-16"),
        FILE.encode("utf-16-le"),
        FILE.encode("utf-16-be"),
        FILE.replace(",", "\t").encode(),
        FILE.replace(",", "|").encode(),
        FILE.replace(",", ";").encode("gb18030"),
        ("'" + FILE.strip().replace(",", "','").replace("\n", "'\n'") + "'").encode(),
        FILE.replace("\n", "\r\n").encode(),
        FILE.replace("\n", "\r").encode(),
        FILE.rstrip().encode(),
        ('"' + FILE.strip().replace(",", '","').replace("\n", '"\n"') + '"').encode(),
        FILE.replace("cust_name", " Cust-Name ").replace("license_code", "许可证号").encode(),
    ],
    ids=[
        "plain",
        "bom",
        "gb18030",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "tab",
        "pipe",
        "semicolon",
        "single marks",
        "crlf",
        "cr",
        "no last line end",
        "quoted",
        "other titles",
    ],
)
def test_it_reads_the_same_table_however_it_is_written(content: bytes) -> None:
    assert counts(take_in(ImportKind.STORES, content)) == {"read": 2, "added": 2}
    assert dict(Store.unscoped.values_list("code", "name")) == {"S1": "南屏路店", "S2": "北关店"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"\n\n", "No column of the first row is known"),
        (HEADER.encode(), "column names but no rows"),
        (HEADER.strip().encode(), "column names but no rows"),
        (b"a,b,c\n1,2,3\n", "No column of the first row is known. Is"),
        (b"cust_name\nx\n", "lacks these columns: Code (code, store_id"),
        (FILE.replace("region", "store_id").encode(), "Two columns have the same name: store_id"),
        ((HEADER + "S1,991,Café,x\n").encode("latin-1"), "neither UTF-8 (byte 49 "),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "This file is PNG."),
        (FILE.replace("S2", "S\0").encode(), "zero bytes"),
        ((FILE + " " * 70_000 + "\0").encode(), "zero bytes"),
        ((HEADER + 'S1,991,"南屏路店,公司/东区\n' + ROWS).encode(), "From about row 2 on"),
        ((HEADER + 'S1,991,南屏路店,"公司/东区\n' + ROWS).encode(), "From about row 2 on"),
        ((HEADER + 'S1,991,南屏路店,"公司\r' + ROWS).encode(), "From about row 2 on"),
        ((HEADER + 'S1,991,"' + ROWS * 100_000).encode(), "From about row 2 on"),
        ((",".join(f"c{n}" for n in range(501)) + "\n").encode(), "501 columns; 500 at most"),
        (("x" * 1_000_000 + ",b\n1,2\n").encode(), "cannot be read as column names"),
        (b"19900001234,\xe7\x8e\x8b,1\n", "holds values, not column names"),
        (b"\xe7\x8e\x8b,1985/1/2\n", "holds values, not column names"),
    ],
)
def test_it_refuses_a_file_with_a_sentence_and_changes_nothing(content: bytes, sentence: str) -> None:
    with pytest.raises(JobError) as refused:
        take_in(ImportKind.STORES, content)
    assert sentence in str(refused.value)
    assert "19900001234" not in str(refused.value)
    assert not Store.unscoped.exists()
    assert counts(Import.unscoped.get()) == {}


def test_it_names_the_byte_in_the_first_encoding_that_breaks_late() -> None:
    with pytest.raises(JobError, match=r"UTF-8 \(byte 5000051 does not fit\)"):
        take_in(ImportKind.STORES, (HEADER.ljust(5_000_051, " ")).encode() + b"\xff\xff")


@pytest.mark.parametrize(
    ("row", "cells"),
    [("S3,993", 2), ("S3,993,店,公司" + ",x" * 10, 14), ('S3,"993\n4"', 2), ("S3", 1)],
)
def test_it_sets_rows_of_another_width_aside(row: str, cells: int) -> None:
    first, second = ROWS.splitlines(keepends=True)
    record = take_in(ImportKind.STORES, HEADER + first + row + "\n" + second)
    assert counts(record) == {"read": 3, "added": 2, "quarantined": 1}
    assert faults(record) == [(3, "", f"The row has {cells} cells, the header 4.")]
    assert len(json.loads(record.quarantine.get().raw)) == cells


def test_it_takes_ten_columns_too_many_in_the_header_and_lists_them() -> None:
    extra = [f"extra{n}" for n in range(10)]
    lines = [line + ",x" * 10 for line in ROWS.splitlines()]
    record = take_in(ImportKind.STORES, "\n".join([HEADER.strip() + "," + ",".join(extra), *lines]))
    assert counts(record) == {"read": 2, "added": 2}
    assert record.reading["unused"] == extra


def test_it_sets_a_cell_of_a_million_characters_aside() -> None:
    record = take_in(ImportKind.STORES, FILE.replace("北关店", "关" * 1_000_000))
    assert counts(record) == {"read": 2, "added": 1, "quarantined": 1}
    assert faults(record) == [(3, "name", "This is longer than 80 characters.")]
    row = record.quarantine.get()
    assert len(row.value) == 200 and len(row.raw) < 3_000


def test_it_ignores_blank_rows_and_counts_them() -> None:
    first, second = ROWS.splitlines(keepends=True)
    record = take_in(ImportKind.STORES, HEADER + first + "\n,,,\n , ,,\n" + second + "\n\n")
    assert counts(record) == {"read": 7, "added": 2, "ignored": 5}


def test_it_keeps_row_numbers_over_many_blocks_and_wrong_rows(tmp_path: Path) -> None:
    lines = [f"{row},{'x' * 180}" for row in range(2, 60_002)]
    skipped = [2, 30_000, 30_001, 60_001]
    for row in skipped:
        lines[row - 2] += ",one too many"
    path = tmp_path / "long.csv"
    with SealedWriter(path) as sealed:
        sealed.write("\n".join(["a,b", *lines]).encode())
    layout, wrong = Layout("utf-8", ["a", "b"], {}, []), WrongWidth()
    batches = [
        (batch.rows.tolist(), batch.columns[0].to_pylist())
        for batch in read_batches(SealedFile(path), layout, wrong)
    ]
    assert len(batches) > 2
    assert [row for row, _cells, _text in wrong.found] == skipped
    assert [str(row) for rows, _ in batches for row in rows] == [
        cell for _, cells in batches for cell in cells
    ]


def test_it_sets_a_file_of_nothing_but_wrong_rows_aside_piece_by_piece(
    monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    """More than is begun with early, cut by letters, good rows among rows too long."""
    monkeypatch.setattr(delimited, "BLOCK", 1 << 12)
    monkeypatch.setattr(tally, "LETTERS_AT_ONCE", 500)
    monkeypatch.setattr(tally, "MOST_BEGUN", 2)
    names = "license_code,clientorderid,inputtime,dtl_barcode,dtl_quantity,dtl_amount"
    rows = [f"0001,R{n},20260305100000,6900000000011,{'x' if n % 3 else 1},2.00" for n in range(900)]
    rows[1::2] = [f"{row},too long" for row in rows[1::2]]
    record = take_in(ImportKind.SALES, "\n".join([names, *rows]))
    assert counts(record) == {"read": 900, "added": 150, "quarantined": 750}
    kept = {row.row: json.loads(row.raw) for row in record.quarantine.all()}
    assert kept == {n + 2: row.split(",") for n, row in enumerate(rows) if n % 6}


def test_it_keeps_no_text_of_what_it_has_set_aside() -> None:
    wrong = WrongWidth()
    for row in range(3):
        wrong.add(row, 1, f"text {row}")
        wrong.unfit.append((row, "why", ["cell"]))
    assert [text for _row, _cells, text in wrong.take().found] == ["text 0", "text 1", "text 2"]
    assert wrong.found == [(0, 1, ""), (1, 1, ""), (2, 1, "text 2")] and wrong.unfit[2] == (2, "why", [])
    wrong.add(3, 1, "text 3")
    fresh = wrong.take()
    assert (fresh.found, fresh.unfit) == ([(3, 1, "text 3")], []) and wrong.found[2] == (2, 1, "")


def test_it_refuses_a_file_of_which_too_much_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "MOST_ASIDE", 1)
    with pytest.raises(JobError, match="More than 1 rows are wrong; one is row 2: This cell is empty"):
        take_in(ImportKind.STORES, FILE.replace("991", "").replace("992", ""))


def test_it_prefers_the_name_declared_first() -> None:
    columns = (cells.Column("total", "Total", ("receipt_amount", "total_amount")),)  # type: ignore[arg-type]
    positions, unused = cells.match_header(["total_amount", "Receipt Amount", "", "x"], columns)
    assert positions == {"total": 1} and unused == ["total_amount", "", "x"]


@pytest.mark.parametrize(
    ("clean", "good", "bad"),
    [
        (
            cells.scaled(2),
            {"1234.5": 123_450, "-3": -300, "9999999.99": 999_999_999},
            ["1,5", "1.005", "1e99", "1_000", "NaN", "#N/A", "1e-9999999", "10000000", ""],
        ),
        (cells.whole(1, 5), {"5": 5, "2.0": 2}, ["0", "6", "2.5", "x"]),
        (
            cells.seconds,
            {"8:05": 29_100, "080509": 29_109, "23:59:59": 86_399},
            ["24:00", "8", "12:60", "1:2:3"],
        ),
    ],
)
def test_it_reads_numbers_and_times(clean: object, good: dict[str, int], bad: list[str]) -> None:
    assert callable(clean)
    assert {cell: clean(cell) for cell in good} == good
    for cell in bad:
        with pytest.raises(BadCell):
            clean(cell)


def test_it_reads_days_and_moments_as_tills_write_them() -> None:
    days = ("2028-02-29", "2028/2/29", "20280229", "2028年2月29日", "2028.02.29")
    assert {cells.day(cell).isoformat() for cell in days} == {"2028-02-29"}
    moments = ("20280229 8:05", "2028-02-29T08:05:00", "20280229080500", "2028/2/29 08:05:00.123")
    assert {cells.moment(cell).isoformat() for cell in moments} == {"2028-02-29T08:05:00"}
    for cell in ("2027-02-29", "29.02.2028", "0000-01-01", "soon", "2028-02-29 25:00"):
        with pytest.raises(BadCell):
            cells.moment(cell)
