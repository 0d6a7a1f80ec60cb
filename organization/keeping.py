"""What may be a little old: figures that are dear to work out, and rows that every page asks for."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from django.core.cache import cache
from redis import RedisError

Found = TypeVar("Found")
KEPT_SECONDS = 5.0


class KeptRows(Generic[Found]):
    """Rows that each process keeps for a few seconds, so that asking costs nothing.

    Another process sees a change within that time.
    """

    def __init__(self, read: Callable[[], Found]) -> None:
        self._read = read
        self._kept: tuple[float, Found] | None = None

    def get(self) -> Found:
        now = time.monotonic()
        if self._kept is None or now - self._kept[0] > KEPT_SECONDS:
            self.put(self._read(), at=now)
        assert self._kept is not None
        return self._kept[1]

    def put(self, rows: Found, *, at: float) -> None:
        self._kept = (at, rows)

    def forget(self) -> None:
        """Read them again next time; called whenever this process has changed them."""
        self._kept = None


def kept(key: str, seconds: int, work: Callable[[], Found]) -> Found:
    """What was worked out under this key, or is now; where nothing is kept, it only takes longer."""
    with suppress(RedisError):
        before: Found | None = cache.get(key)
        if before is not None:
            return before
    found = work()
    with suppress(RedisError):
        cache.set(key, found, seconds)
    return found
