"""How a line of the log is written: ids and never values. Read by the settings, so without models.

A fault is told by its kind and places, because its text may hold a row.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping, Sequence
from types import TracebackType
from typing import Any

import structlog

PLACES = 5


def places(at: TracebackType | None) -> list[str]:
    """Where a fault went through, without a value: file, line and function."""
    frames = traceback.extract_tb(at)[-PLACES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def without_values(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Processor: an exception becomes its kind and places; its text is left out."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    elif isinstance(info, BaseException):
        info = (type(info), info, info.__traceback__)
    if isinstance(info, tuple) and info[0] is not None:
        event.update(fault=info[0].__name__, places=places(info[2]))
    record = event.get("_record")
    if record is not None and record.exc_text:  # What a filter left of it: kind and places.
        event.update(fault=record.fault, places=record.exc_text.splitlines())
    event.pop("exception", None)
    return event


def logging_config(*, is_json: bool, level: str, filters: Sequence[str] = ()) -> dict[str, Any]:
    """LOGGING for Django and Celery; our own lines from `level` on, everybody else's from WARNING on."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_values,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    last = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if is_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    line = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": line},
        "filters": {path: {"()": path} for path in filters},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": list(filters)}
        },
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {
            "huiyan": {"level": level},
            # Django's own handlers would mail faults to ADMINS with every value that was at hand.
            "django": {"handlers": []},
            # These print addresses and the text of faults; the lines above say the same without.
            "django.request": {"level": logging.CRITICAL},
            "celery.app.trace": {"level": logging.CRITICAL},
        },
    }
