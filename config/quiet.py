"""Personal values stay out of what a process prints: of a fault, its kind and places are said.

The text of an exception may hold the row it is about; PostgreSQL's do, so do those of parsers.
"""

import logging
import traceback
from collections.abc import Mapping
from typing import Any

from django.views.debug import SafeExceptionReporterFilter


class PlacesOnly(logging.Filter):
    """For a log handler: exceptions lose their texts before anything is written."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, Mapping):
            record.args = {name: _without_text(name, value) for name, value in record.args.items()}
        elif record.args:
            record.args = tuple(_without_text("", value) for value in record.args)
        if record.exc_info and record.exc_info[0]:
            record.fault = record.exc_info[0].__name__
            record.exc_text = said(record.exc_info[1])
            record.exc_info = None
        return True


def said(fault: BaseException | None) -> str:
    """Kind and places of an exception and of those it came from."""
    lines = []
    while fault is not None:
        lines += ["".join(traceback.format_tb(fault.__traceback__)).rstrip(), type(fault).__name__]
        fault = fault.__cause__ or fault.__context__
    return "\n".join(line for line in lines if line)


# What Celery puts into its message on a failed task.
_OF_A_TASK = {"exc", "traceback", "args", "kwargs", "return_value"}


def _without_text(name: str, value: Any) -> Any:
    if isinstance(value, BaseException):
        return type(value).__name__
    return "…" if name in _OF_A_TASK else value


class NothingShown(SafeExceptionReporterFilter):
    """Reports of a fault hold neither what was posted nor the values of any variable."""

    def get_post_parameters(self, request: Any) -> Any:
        return {}

    def get_traceback_frame_variables(self, request: Any, tb_frame: Any) -> Any:
        return ()
