"""Figures that are dear to work out and may be some minutes old."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from django.core.cache import cache
from redis import RedisError

Found = TypeVar("Found")


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
