"""Waits until processes work, and gives up early, with the reason, on one that can't."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from deploy.supervise.state import ProcessStatus
from deploy.supervise.supervisor import Supervisor
from schemas.errors import StackError

LOOK_INTERVAL_S = 1.0
# Ended and started again so often, it won't come up by itself: a wrong right or setting, or a bug. Backoff makes
# that 3.5 s; a part that isn't there yet is waited for inside the process, and ends none.
HOPELESS_RESTARTS = 3
TAIL_BYTES = 65_536


def wait_healthy(supervisor: Supervisor, limit_s: float) -> None:
    """Block until each process works. Raises StackError naming the one that is late or keeps ending, and why."""
    deadline = time.monotonic() + limit_s
    before = {status.name: status.restarts for status in supervisor.statuses()}
    while (late := supervisor.unready(min(LOOK_INTERVAL_S, limit_s))) is not None:
        for status in supervisor.statuses():
            if status.restarts - before[status.name] >= HOPELESS_RESTARTS:
                raise StackError(_keeps_ending(status))
        if time.monotonic() > deadline:
            raise StackError(_is_late(late, limit_s))


def _is_late(status: ProcessStatus, limit_s: float) -> str:
    why = last_error(Path(status.log_file))
    told = f" The last error in its log: {why}." if why else ""
    return f"{status.name} was not ready within {limit_s:.0f} s.{told} See {status.log_file}."


def _keeps_ending(status: ProcessStatus) -> str:
    why = last_error(Path(status.log_file)) or "it says nothing"
    return f"{status.name} keeps ending with exit code {status.last_exit}: {why}. See {status.log_file}."


def last_error(log_file: Path) -> str | None:
    """The `error` of the last line of a process's log that has one; our logs hold no values."""
    try:
        with log_file.open("rb") as lines:
            lines.seek(max(0, lines.seek(0, os.SEEK_END) - TAIL_BYTES))
            found = [_error(line) for line in lines.read().splitlines()]
    except OSError:
        return None
    return next((error for error in reversed(found) if error), None)


def _error(line: bytes) -> str | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    error = entry.get("error") if isinstance(entry, dict) else None
    return error if isinstance(error, str) else None
