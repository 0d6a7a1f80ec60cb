"""What an import has freed is free for whatever comes next, and not kept for whoever asked for it."""

import ctypes
from collections.abc import Iterator
from contextlib import suppress
from typing import TypeVar

import pyarrow as pa

Item = TypeVar("Item")

# One allocator for Arrow, NumPy and Python: a pool of Arrow's own would be kept beside theirs.
pa.set_memory_pool(pa.system_memory_pool())


def tidied(items: Iterator[Item], *, every: int) -> Iterator[Item]:
    """The same items; what was freed meanwhile is given back after so many of them, and after the last."""
    for number, item in enumerate(items, 1):
        yield item
        if number % every == 0:
            give_back()
    give_back()


def give_back() -> None:
    """Hand what is free to the system; some milliseconds. Only the GNU C library has to be asked."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
