"""Logs as JSON lines on standard output. An exception is logged by its type and place, not by its text:
texts of foreign exceptions can quote what they choked on.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

from schemas.errors import VeilError

Event = MutableMapping[str, Any]


def configure(process: str) -> None:
    """Log JSON lines that say which process wrote them."""
    structlog.configure(
        processors=[
            _said_by(process),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _exceptions_without_text,
            structlog.processors.JSONRenderer(),
        ]
    )
    threading.excepthook = _thread_failed


def _said_by(process: str) -> Callable[[object, str, Event], Event]:
    """Name the process in each line. Not by a context variable: those end with their thread."""

    def named(_logger: object, _name: str, event: Event) -> Event:
        event["process"] = process
        return event

    return named


def _thread_failed(failed: threading.ExceptHookArgs) -> None:
    """Python's own hook would print the exception's text."""
    name = failed.thread.name if failed.thread else "?"
    structlog.get_logger().critical("thread_failed", thread=name, exc_info=failed.exc_value)


def describe(error: BaseException) -> str:
    """An error for a log: our own with its text, which never holds a value; a foreign one by type and place."""
    if isinstance(error, VeilError):
        return f"{type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def _exceptions_without_text(_logger: object, _name: str, event: Event) -> Event:
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        event["error"] = describe(error)
    return event
