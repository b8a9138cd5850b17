"""What `veil status` shows of the supervised processes, as a file that any process may read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.supervise.identity import ProcessIdentity
from deploy.supervise.restarts import Phase
from schemas.files import write_atomically


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """One process as last written. `started` is that of its identity; `pid` is None while it is down."""

    name: str
    phase: Phase
    pid: int | None
    started: str | None
    restarts: int
    last_exit: int | None
    log_file: str
    health_url: str | None

    def alive(self) -> bool:
        """Whether that very process runs now; the file may be older than a crash of its writer."""
        if self.pid is None or self.started is None:
            return False
        return ProcessIdentity(self.pid, self.started).alive()


PROCESSES = "state.json"
"""Our own processes; the parts of a local stack have a file of their own beside it."""


def write_state(root: Path, statuses: Sequence[ProcessStatus], name: str = PROCESSES) -> None:
    write_atomically(root / "run" / name, json.dumps({"processes": [asdict(one) for one in statuses]}, indent=1))


def read_state(root: Path, name: str = PROCESSES) -> tuple[ProcessStatus, ...]:
    """The processes in the order they were started; empty where nothing was ever supervised."""
    try:
        entries = json.loads((root / "run" / name).read_text())["processes"]
    except FileNotFoundError:
        return ()
    return tuple(ProcessStatus(**{**entry, "phase": Phase(entry["phase"])}) for entry in entries)
