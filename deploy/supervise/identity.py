"""Which process a pid means. A pid alone may have been given to somebody else since it was written down."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import psutil

from schemas.files import write_atomically

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""Linux draws another one at each boot."""


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A pid together with when it started: what names a process for good. `started`: in which boot, and how many
    seconds after it. The time of day would not do: it moves for all processes that run whenever the clock is set.
    """

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity | None:
        """Identity of a running process; None when there is none."""
        try:
            return cls(pid, _started(psutil.Process(pid)))
        except psutil.NoSuchProcess:
            return None

    def alive(self) -> bool:
        return self.find() is not None

    def find(self) -> psutil.Process | None:
        """The process, if it still runs and is the same one; a zombie has ended."""
        try:
            process = psutil.Process(self.pid)
            same = _started(process) == self.started
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def _started(process: psutil.Process) -> str:
    """Psutil adds when the machine booted, as the clock says by now, to what Linux tells in hundredths."""
    return f"{_boot()} {process.create_time() - psutil.boot_time():.2f}"


@cache
def _boot() -> str:
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def write_identity(path: Path, identity: ProcessIdentity) -> None:
    write_atomically(path, json.dumps(asdict(identity)))


def read_identity(path: Path) -> ProcessIdentity | None:
    """What a pid file says; None when it is absent or was cut short by a crash."""
    try:
        content = json.loads(path.read_text())
        return ProcessIdentity(int(content["pid"]), str(content["started"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def end_leftover(path: Path, patience_s: float = 10) -> None:
    """End the process that a pid file of a crashed owner names, if it still runs, and remove the file.

    Call it only while holding the root's lock: then nobody else owns that process.
    """
    identity = read_identity(path)
    process = identity.find() if identity else None
    if process is not None:
        process.kill()
        psutil.wait_procs([process], timeout=patience_s)
    path.unlink(missing_ok=True)
