"""Exit codes of every command, and which error gives which. The table in deploy/README.md says the same."""

from __future__ import annotations

import errno
from enum import IntEnum

from deploy import logs
from schemas.errors import AccessDenied, ConfigError, DependencyError, RecordError, StackError, VeilError


class Exit(IntEnum):
    """What a script sees."""

    OK = 0
    FAILED = 1
    """It does not hold (reconcile, verify, status), or it failed."""
    REFUSED = 2
    """Wrong usage or configuration, a missing right, a part that can't run or doesn't answer."""
    PARTIAL = 3
    """Part of the input was bad; the rest is done."""
    INTERRUPTED = 130
    """Ctrl-C, as shells count it."""


_REFUSED = (ConfigError, StackError, AccessDenied, DependencyError)


def exit_for(error: VeilError) -> Exit:
    """The exit code of one of our errors."""
    if isinstance(error, _REFUSED):
        return Exit.REFUSED
    return Exit.PARTIAL if isinstance(error, RecordError) else Exit.FAILED


def sentence(error: Exception) -> str:
    """What a person reads. Ours are sentences that hold no value; a foreign error's text could quote one."""
    if isinstance(error, VeilError):
        return str(error)
    if isinstance(error, OSError) and error.strerror and error.errno != errno.EPIPE:
        where = f"{error.filename}: " if isinstance(error.filename, str) else ""
        return f"{where}{error.strerror}"
    return f"this is a bug in veil: {logs.describe(error)}"
