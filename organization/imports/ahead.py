"""The next piece of work done while the caller still has the one before."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from organization.threads import as_here

Item = TypeVar("Item")


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items; each is made in a thread, in the caller's language, before it is asked for."""

    make = as_here(lambda: next(items, None))
    with ThreadPoolExecutor(1, "ahead") as pool:
        coming = pool.submit(make)
        while (item := coming.result()) is not None:
            coming = pool.submit(make)
            yield item
