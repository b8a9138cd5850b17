"""What processes take: the largest resident size so far, and CPU while nothing comes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import psutil

PROC = Path("/proc")


def peak_bytes(pid: int) -> int:
    """The largest resident size of a process so far; where the system doesn't keep it (macOS): the present one."""
    try:
        for line in (PROC / str(pid) / "status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return int(psutil.Process(pid).memory_info().rss)


def idle_cpu(pids: Mapping[str, int], seconds: float) -> dict[str, float]:
    """The share of a core that each process takes over the next `seconds`."""
    before = {name: cpu_s(pid) for name, pid in pids.items()}
    threading.Event().wait(seconds)
    return {name: (cpu_s(pid) - before[name]) / seconds for name, pid in pids.items()}


def cpu_s(pid: int) -> float:
    """CPU seconds of a process so far, in the kernel, too."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)
