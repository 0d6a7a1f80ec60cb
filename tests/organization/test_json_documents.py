"""One JSON document: its records are rows, whatever is wrapped around them."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from organization.imports import jsondocument
from organization.imports.reading import PlainFile, WrongWidth, look_at, read_batches
from organization.imports.tables import NOT_AN_OBJECT

RECORDS: list[dict[str, Any]] = [
    {"id": 1, "name": "茶", "list": ["a", "b"]},
    {"id": 2.50, "name": None, "more": True},
]
ROWS = [["1", "茶", '["a", "b"]', ""], ["2.5", "", "", "true"]]


def read(content: str | bytes, folder: Path) -> tuple[list[str], list[list[str]], WrongWidth]:
    path = folder / "a.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    layout, wrong = look_at(PlainFile(path)).layout, WrongWidth()
    rows = []
    for batch in read_batches(PlainFile(path), layout, wrong):
        rows += [list(row) for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)]
    return layout.header, rows, wrong


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("block", [7, 1 << 18])
@pytest.mark.parametrize(
    "document",
    [
        RECORDS,
        {"code": 0, "data": RECORDS},
        {"result": {"page": {"rows": RECORDS, "total": 2}, "said": "ok"}, "count": 2},
    ],
)
def test_it_reads_the_records_of_a_document(
    document: Any, indent: int | None, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsondocument, "BLOCK", block)
    header, rows, wrong = read(json.dumps(document, ensure_ascii=False, indent=indent), tmp_path)
    assert (header, rows, wrong.found) == (["id", "name", "list", "more"], ROWS, [])


@pytest.mark.parametrize("indent", [None, 1])
def test_it_reads_one_object_as_one_row(indent: int | None, tmp_path: Path) -> None:
    header, rows, _wrong = read(json.dumps(RECORDS[0], indent=indent), tmp_path)
    assert (header, rows) == (["id", "name", "list"], [ROWS[0][:3]])


@pytest.mark.parametrize("place", [0, 2])
def test_it_gives_every_record_the_store_of_its_wrapper(place: int, tmp_path: Path) -> None:
    parts: list[tuple[str, Any]] = [("rows", [{"id": "1"}, {"id": "2", "license_code": "B"}]), ("code", "0")]
    parts.insert(place, ("license_code", "A"))
    header, rows, _wrong = read(json.dumps(dict(parts)), tmp_path)
    assert (header, rows) == (["license_code", "id"], [["A", "1"], ["B", "2"]])


def test_it_sets_aside_what_is_no_object(tmp_path: Path) -> None:
    _header, rows, wrong = read('[{"id": 1}, 7, {"id": "\\ud800"}, {"id": 4}]', tmp_path)
    assert rows == [["1"], ["4"]]
    assert [(row, cells) for row, cells, _text in wrong.found] == [(2, NOT_AN_OBJECT), (3, NOT_AN_OBJECT)]


@pytest.mark.parametrize("before", ["", '{"torn"\n'])
def test_it_takes_lines_for_lines(before: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(before + "\n".join(json.dumps(record) for record in RECORDS))
    assert look_at(PlainFile(path)).layout.format == "jsonl"


def test_it_holds_no_more_than_a_record(tmp_path: Path) -> None:
    """Memory is bounded by a record: 200,000 of them pass through a window of some blocks."""
    path = tmp_path / "a.json"
    with path.open("w") as file:
        file.write('{"data":[')
        for n in range(200_000):
            file.write(("," if n else "") + json.dumps({"id": n, "text": "x" * 80}))
        file.write("]}")
    layout = look_at(PlainFile(path)).layout
    tracemalloc.start()
    read_rows = 0
    for batch in read_batches(PlainFile(path), layout, WrongWidth()):
        read_rows += len(batch.rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert read_rows == 200_000 and peak < 16 << 20 < path.stat().st_size
