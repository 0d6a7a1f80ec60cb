"""Files whose columns we know from elsewhere: a shape for each, and how its header is recognised."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise

from organization.imports.columns import plain_title
from organization.imports.tables import USUAL, Habits, Shape


@dataclass(frozen=True)
class Builtin:
    """A shape that every installation has. Apps register theirs when they start."""

    name: str
    kind: str
    label: Promise
    shape: Callable[[], Shape]
    recognises: Callable[[list[str]], bool]  # the titles of a file; its first row where it has none
    # For such a first row the names of its columns; none for titles.
    names: Callable[[list[str]], list[str]] = lambda first_row: []
    habits: Habits = USUAL


_builtins: dict[str, Builtin] = {}


def register_builtin(builtin: Builtin) -> None:
    """Make a shape known under its name."""
    _builtins[builtin.name] = builtin


def builtins(kind: str | None = None) -> list[Builtin]:
    """All, or those for one kind of file."""
    return [builtin for builtin in _builtins.values() if kind in (None, builtin.kind)]


def recognised(header: list[str]) -> list[Builtin]:
    """Those that such a header fits."""
    return [builtin for builtin in _builtins.values() if builtin.recognises(header)]


def has_titles(*titles: str) -> Callable[[list[str]], bool]:
    """A test of a header: whether all of these, written plainly, are in it."""
    return lambda header: set(titles) <= {plain_title(title) for title in header}
