"""Records on the disk until the last row is read: one temporary file for each range of stores.

Memory follows the bucket: one that a huge store has filled is split again, by receipt number.
"""

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import IO

import numpy as np
from numpy.typing import NDArray

from sales.imports.parse import LINE
from sales.imports.store import receipt_keys

BYTES_PER_BUCKET, MOST_BUCKETS = 3 << 20, 360
MOST_RECORDS = 60_000
SAMPLED = 50  # one record in so many decides where a bucket is split


class Buckets:
    """Written to batch by batch, then read once."""

    def __init__(self, size: int, stack: ExitStack) -> None:
        self._files = _open(max(1, min(MOST_BUCKETS, size // BYTES_PER_BUCKET + 1)), stack)
        self._pool = stack.enter_context(ThreadPoolExecutor(1, "spill"))
        self._writing: Future[None] | None = None
        self.written = self.read = 0  # records

    def write(self, records: NDArray[np.void]) -> None:
        """In a thread; nothing may change the records any more."""
        self._wait()
        self._writing = self._pool.submit(_spread, records, records["store"] % len(self._files), self._files)
        self.written += len(records)

    def _wait(self) -> None:
        if self._writing:
            self._writing.result()

    def each(self) -> Iterator[NDArray[np.void]]:
        """All rows of a receipt are in one array, and so are all receipts between its first and last."""
        self._wait()
        for file in self._files:
            with file, ExitStack() as stack:
                for piece in _pieces(file, stack):
                    piece.seek(0)
                    records = np.fromfile(piece, LINE)
                    self.read += len(records)
                    yield records


def _open(count: int, stack: ExitStack) -> list[IO[bytes]]:
    return [stack.enter_context(tempfile.TemporaryFile()) for _ in range(count)]


def _spread(records: NDArray[np.void], places: NDArray[np.integer], files: list[IO[bytes]]) -> None:
    """Each record to the file of its place, in the order they have."""
    order = np.argsort(places, kind="stable")
    bounds = np.searchsorted(places[order], np.arange(len(files) + 1))
    records = records[order]
    for file, start, end in zip(files, bounds, bounds[1:], strict=False):
        file.write(records[start:end].view(np.uint8).data)


def _pieces(file: IO[bytes], stack: ExitStack) -> list[IO[bytes]]:
    """The file itself, or as many as its records are too many for one."""
    count = file.seek(0, os.SEEK_END) // LINE.itemsize
    if count <= MOST_RECORDS:
        return [file]
    pieces = _open(min(MOST_BUCKETS, 2 * count // MOST_RECORDS + 1), stack)
    sample = np.sort(np.concatenate([_keys(records)[::SAMPLED] for records in _chunks(file)]))
    bounds = sample[np.arange(1, len(pieces)) * len(sample) // len(pieces)]
    for records in _chunks(file):
        _spread(records, np.searchsorted(bounds, _keys(records), side="right"), pieces)
    return pieces


def _chunks(file: IO[bytes]) -> Iterator[NDArray[np.void]]:
    file.seek(0)
    while chunk := file.read(MOST_RECORDS // 4 * LINE.itemsize):
        yield np.frombuffer(chunk, LINE)


def _keys(records: NDArray[np.void]) -> NDArray[np.bytes_]:
    """Rows without a number are no receipt, and may be parted."""
    return receipt_keys(
        records["store"], records["number"], np.where(records["number"] == b"", records["row"], 0)
    )
