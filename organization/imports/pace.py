"""A reader that runs ahead of whoever uses what it read, but not far: Arrow alone reads 32 blocks ahead."""

import io
from collections.abc import Iterator
from threading import Condition
from typing import TypeVar

Item = TypeVar("Item")
PATIENCE = 0.02  # seconds


class Pace:
    """How many blocks may be read before the first of them is used."""

    def __init__(self, *, block: int, ahead: int) -> None:
        self._block, self._most = block, block * ahead
        self._read = self._used = 0
        self._is_wanted = True
        self._turn = Condition()

    def reading(self, stream: io.RawIOBase) -> io.BufferedReader:
        """The stream, for a thread that reads it block by block."""
        return io.BufferedReader(_Paced(stream, self), self._block)

    def wait(self, size: int) -> None:
        """Until it is not far ahead, or somebody has waited so long that what was read cannot be enough."""
        with self._turn:
            while self._read - self._used >= self._most:
                if not self._turn.wait(PATIENCE) and self._is_wanted:
                    break
            self._read += size

    def using(self, items: Iterator[Item]) -> Iterator[Item]:
        """What is made of the stream, an item of about each block. Left early, it lets the reader go."""
        try:
            while (item := next(items, None)) is not None:
                self._want(is_wanted=False)
                yield item
                self._want(is_wanted=True)
        finally:
            self._want(is_wanted=True)

    def _want(self, *, is_wanted: bool) -> None:
        with self._turn:
            self._is_wanted = is_wanted
            self._used += 0 if is_wanted else self._block
            self._turn.notify_all()


class _Paced(io.RawIOBase):
    def __init__(self, stream: io.RawIOBase, pace: Pace) -> None:
        self._stream, self._pace = stream, pace

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]
        self._pace.wait(len(buffer))
        return self._stream.readinto(buffer)
