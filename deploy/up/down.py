"""Ends whatever runs under a root, from another process: `veil down`."""

from __future__ import annotations

from pathlib import Path

import psutil

from deploy.local.stack import STATE_FILE, require_no_cluster
from deploy.supervise.identity import ProcessIdentity
from deploy.supervise.lock import root_owner
from deploy.supervise.state import PROCESSES, read_state
from schemas.errors import StackError

# Five processes in turn get 10 s each and three parts 20 s; seen: 5 s in all.
STOP_LIMIT_S = 120.0
KILL_LIMIT_S = 10.0


def take_down(root: Path) -> int | None:
    """End the owner of `root` and wait until nothing of it runs; the owner's pid, None where nothing ran.

    An owner that doesn't end in time is killed, and what it started dies with it. Raises StackError if that fails,
    and where a cluster in containers is to be ended.
    """
    require_no_cluster(root)
    owner = root_owner(root)
    if owner is None:
        return None
    everything = [owner, *_started_by(root)]
    found = owner.find()
    if found is not None:
        _end(found)
    processes = [process for one in everything if (process := one.find()) is not None]
    _, alive = psutil.wait_procs(processes, timeout=KILL_LIMIT_S)
    if alive:
        pids = ", ".join(str(process.pid) for process in alive)
        raise StackError(f"these processes do not end: {pids}; end them by hand")
    return owner.pid


def _end(owner: psutil.Process) -> None:
    try:
        owner.terminate()
        owner.wait(STOP_LIMIT_S)
    except psutil.TimeoutExpired:
        owner.kill()
    except psutil.NoSuchProcess:
        return


def _started_by(root: Path) -> list[ProcessIdentity]:
    statuses = (*read_state(root, PROCESSES), *read_state(root, STATE_FILE))
    return [ProcessIdentity(it.pid, it.started) for it in statuses if it.pid and it.started]
