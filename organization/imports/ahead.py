"""The next piece of work done while the caller still has the one before."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items; each is made in a thread, in the caller's language, before it is asked for."""

    def make() -> Item | None:
        return next(items, None)

    context = copy_context()
    with ThreadPoolExecutor(1, "ahead") as pool:
        coming = pool.submit(context.run, make)
        while (item := coming.result()) is not None:
            coming = pool.submit(context.run, make)
            yield item
