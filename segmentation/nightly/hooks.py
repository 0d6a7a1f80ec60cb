"""What upper apps do once a night is published: they register here, and this app need not know them.

A hook gets the business day of the night and must be safe to run twice.
"""

import logging
from collections.abc import Callable
from datetime import date

from django.utils.translation import gettext as _

from organization.jobs import JobError

Hook = Callable[[date], None]
_hooks: list[Hook] = []


def after_publish(hook: Hook) -> None:
    if hook not in _hooks:
        _hooks.append(hook)


def run_hooks(as_of: date) -> None:
    """Call every hook, also after one failed; the night stays published whatever they do."""
    failures = [failure for failure in (_failure_of(hook, as_of) for hook in _hooks) if failure]
    if failures:
        message = _("The night is published, but work that follows it failed. Run this job again.")
        raise JobError(message) from failures[0]


def _failure_of(hook: Hook, as_of: date) -> Exception | None:
    try:
        hook(as_of)
    except Exception as failure:
        logging.getLogger(__name__).exception("after-publish hook %s failed", hook.__qualname__)
        return failure
    return None
