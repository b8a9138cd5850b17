"""Which process a pid means. A pid alone may have been given to somebody else since it was written down."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from schemas.files import write_atomically

# psutil reads start times from clock ticks; two readings of one process differ by less than this.
SAME_START_S = 0.05


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A pid together with when it started, in seconds since the epoch: what names a process for good."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity | None:
        """Identity of a running process; None when there is none."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            return None

    def alive(self) -> bool:
        return self.find() is not None

    def find(self) -> psutil.Process | None:
        """The process, if it still runs and is the same one; a zombie has ended."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < SAME_START_S
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def write_identity(path: Path, identity: ProcessIdentity) -> None:
    write_atomically(path, json.dumps(asdict(identity)))


def read_identity(path: Path) -> ProcessIdentity | None:
    """What a pid file says; None when it is absent or was cut short by a crash."""
    try:
        content = json.loads(path.read_text())
        return ProcessIdentity(int(content["pid"]), float(content["started"]))
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
