"""A file is read ahead of who uses it, but not far."""

import io
from pathlib import Path
from threading import Thread
from time import sleep

import pytest

from organization.imports.delimited import AHEAD, BLOCK
from organization.imports.pace import Pace
from organization.imports.reading import PlainFile, WrongWidth, look_at, read_batches

HEADER = "store,receipt_no,sold_at,barcode,qty,amount\n"


class Counted(io.RawIOBase):
    def __init__(self, blocks: int) -> None:
        self.left, self.read_blocks = blocks, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        size = len(buffer) if self.left else 0
        self.left -= bool(size)
        self.read_blocks += bool(size)
        return size


def test_who_reads_stays_a_few_blocks_ahead() -> None:
    stream, pace = Counted(40), Pace(block=1024, ahead=3)
    source = pace.reading(stream)
    thread = Thread(target=lambda: [source.read(1024) for _ in range(41)], daemon=True)
    most = 0
    for number, _item in enumerate(pace.using(iter(range(40)))):
        if not number:
            thread.start()
        sleep(0.005)
        most = max(most, stream.read_blocks - number)
    thread.join(5)
    assert stream.read_blocks == 40 and not thread.is_alive()
    assert most <= 5


def test_who_stops_early_lets_the_reader_go() -> None:
    pace = Pace(block=1024, ahead=1)
    source = pace.reading(Counted(20))
    thread = Thread(target=lambda: [source.read(1024) for _ in range(21)], daemon=True)
    using = pace.using(iter(range(20)))
    next(using)
    thread.start()
    sleep(0.1)
    assert thread.is_alive()
    del using
    thread.join(5)
    assert not thread.is_alive()


@pytest.mark.parametrize("row", [f"0001,R1,2026-03-05,{1:060},1\n", f"0001,R1,2026-03-05,{1:060},1,20\n"])
def test_a_long_file_comes_through_whether_its_rows_fit_or_not(tmp_path: Path, row: str) -> None:
    path = tmp_path / "long.csv"
    count = (AHEAD + 4) * BLOCK // len(row)
    path.write_text(HEADER + "0001,R0,2026-03-05,1,1,20\n" + row * count)
    layout, wrong = look_at(PlainFile(path)).layout, WrongWidth()
    good = sum(len(batch.rows) for batch in read_batches(PlainFile(path), layout, wrong))
    assert good + len(wrong.found) == count + 1
