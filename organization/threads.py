"""Work in other threads: in the caller's language, and with short turns."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import TypeVar

from django.utils import timezone
from django.utils.translation import get_language, override

Found = TypeVar("Found")


def as_here(work: Callable[[], Found]) -> Callable[[], Found]:
    """The same work for another thread, with the language, time zone and log context of this one.

    Django keeps the first two to a thread, wherever its context comes from.
    """
    context, language, zone = copy_context(), get_language(), timezone.get_current_timezone()

    def there() -> Found:
        with override(language), timezone.override(zone):
            return work()

    return lambda: context.run(there)


@contextmanager
def short_turns() -> Iterator[None]:
    """Threads take turns ten times as often: one that feeds PostgreSQL hardly waits for one that computes."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 10)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
