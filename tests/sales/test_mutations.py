"""Two thousand damaged files: each is refused with a sentence, or every row of it is somewhere.

Seeded, so that a failure comes again. Reading needs no database; some of the files go all the way.
"""

import contextlib
import gzip
import io
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db import transaction

from demo.workbook import workbook
from organization.imports.reading import PlainFile, WrongWidth, detect_layout, read_batches
from organization.jobs import JobError
from organization.models import Import, ImportKind, Store
from sales.imports.columns import SALES
from tests.organization.importing import as_csv, take_in
from tests.sales.importing import CARTON, DRINK, line, make_products

ROWS = [line(mobilephone="19900001111"), line("R2", dtl_barcode=CARTON), line("R3", dtl_barcode=DRINK)]
ROWS += [line(f"S{n}", dtl_amount=f"{n}.50", receipt_amount=f"{n}.50") for n in range(1, 20)]
Table = list[dict[str, str]]


def _parquet(rows: Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


def _xlsx(rows: Table) -> bytes:
    return workbook([list(rows[0]), *(list(row.values()) for row in rows)])


WRITERS: dict[str, Callable[[Table], bytes]] = {
    "csv": lambda rows: as_csv(rows).encode(),
    "gb18030": lambda rows: as_csv(rows).encode("gb18030"),
    "gzip": lambda rows: gzip.compress(as_csv(rows).encode(), mtime=0),
    "jsonl": lambda rows: "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode(),
    "parquet": _parquet,
    "xlsx": _xlsx,
}
# A workbook costs a process of its own.
HOW_MANY = {"csv": 600, "gb18030": 300, "gzip": 300, "jsonl": 400, "parquet": 340, "xlsx": 60}
THROUGH_ALL = {"csv": 80, "gb18030": 40, "gzip": 40, "jsonl": 80, "parquet": 60, "xlsx": 20}


def test_there_are_two_thousand() -> None:
    assert sum(HOW_MANY.values()) == 2_000


def mutants(kind: str, count: int) -> Iterator[bytes]:
    """Files with bits turned, pieces cut out or doubled, an end cut off, or columns in another order."""
    chance = random.Random(f"{kind} {count}")
    for number in range(count):
        content = WRITERS[kind](_shuffled(chance) if number % 5 == 4 else ROWS)
        yield _damaged(content, chance) if number % 10 != 9 else content


def _shuffled(chance: random.Random) -> Table:
    names = chance.sample(list(ROWS[0]), len(ROWS[0]))
    return [{name: row[name] for name in names} for row in ROWS]


def _damaged(content: bytes, chance: random.Random) -> bytes:
    found = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(max(1, len(found) - 1))
        piece = found[at : at + chance.randint(1, 40)]
        how = chance.randrange(5)
        if how <= 1 and found:
            found[at] ^= 1 << chance.randrange(8)
        elif how == 2:
            del found[at : at + len(piece)]
        elif how == 3:
            found[at:at] = piece
        elif len(found) > 2:
            del found[max(2, at) :]
    return bytes(found)


@pytest.mark.parametrize("kind", list(WRITERS))
def test_every_row_of_a_damaged_file_is_read_or_counted(kind: str, tmp_path: Path) -> None:
    refused = 0
    for number, content in enumerate(mutants(kind, HOW_MANY[kind])):
        path = tmp_path / "file"
        path.write_bytes(content)
        try:
            read = _rows_read(PlainFile(path))
        except JobError as error:
            assert str(error).endswith((".", "?")), number
            refused += 1
            continue
        assert read == list(range(read[0], read[0] + len(read))), f"file {number} lost or doubled a row"
    assert 0 < refused < HOW_MANY[kind]


def _rows_read(file: PlainFile) -> list[int]:
    layout, wrong = detect_layout(file, SALES), WrongWidth()
    read = [row for batch in read_batches(file, layout, wrong) for row in batch.rows.tolist()]
    return sorted([*read, *(row for row, _cells, _text in wrong.found)]) or [0]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", list(WRITERS))
def test_a_damaged_file_goes_in_with_all_it_has_or_not_at_all(kind: str, store: Store) -> None:
    make_products()
    came_in = 0
    for content in mutants(kind, THROUGH_ALL[kind]):
        with contextlib.suppress(JobError), transaction.atomic():
            # That counts and amounts are each in one place is held by the database and by the import.
            record = take_in(ImportKind.SALES, content)
            came_in += 1
            _check_money(record)
            raise JobError("Undo it: each file meets an empty company.")
    assert came_in


def _check_money(record: Import) -> None:
    read, stored, aside = record.amount_read, record.amount_stored, record.amount_quarantined
    assert read is not None and stored is not None and aside is not None
    assert read - stored - aside == 0 or record.unchanged  # Rows that say the same line again are here.
