"""Which tables keep their rows, without the person, when a member is erased.

Every table that names members loses the member's rows, unless the app that owns it says that sums
depend on them: those rows go over to a stand-in that is nobody. A new table is erased by default.
"""

from typing import Any

from django.db import models

_kept: dict[type[models.Model], dict[str, Any]] = {}


def keep_without_person(model: type[models.Model], **blanks: Any) -> None:
    """Keep the rows of this model; `blanks` are the columns to empty, with what they then hold."""
    _kept[model] = blanks


def kept(model: type[models.Model]) -> dict[str, Any] | None:
    """The columns to empty; None where the rows are to be deleted."""
    return _kept.get(model)
