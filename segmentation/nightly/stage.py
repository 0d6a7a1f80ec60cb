"""What a stage is: it reads in one snapshot, then writes in one short transaction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from segmentation.models import NightlyRun


@dataclass(frozen=True)
class Outcome:
    rows: int
    result: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """`write` gets what `read` returned; both must do the same again when the stage is redone.

    reads_snapshot: `read` is called in one; otherwise it sees to its own.
    """

    read: Callable[[NightlyRun], Any]
    write: Callable[[NightlyRun, Any], Outcome]
    reads_snapshot: bool = True
