"""What upper apps add to the watch page: one line each, registered in AppConfig.ready."""

from collections.abc import Callable
from dataclasses import dataclass

from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Line:
    label: StrOrPromise
    text: str
    page: str = ""  # the name of a page without arguments that says more


_makers: list[Callable[[], Line]] = []


def register_line(make: Callable[[], Line]) -> None:
    _makers.append(make)


def lines() -> list[Line]:
    return [make() for make in _makers]
