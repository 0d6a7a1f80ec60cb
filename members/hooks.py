"""What upper apps do when a member wants no profile any more: they register here.

A hook gets the member's id inside the transaction of the objection and must be safe to run twice.
"""

from collections.abc import Callable

Hook = Callable[[int], None]
_hooks: list[Hook] = []


def on_profiling_end(hook: Hook) -> None:
    if hook not in _hooks:
        _hooks.append(hook)


def run_profiling_end(member_id: int) -> None:
    for hook in _hooks:
        hook(member_id)
