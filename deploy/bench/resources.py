"""What processes take: resident size, now and at its largest, CPU while nothing comes, and disk."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path

import psutil

PROC = Path("/proc")
BLOCK = 512
"""Bytes that `st_blocks` counts in."""


def peak_bytes(pid: int) -> int:
    """The largest resident size of a process so far; where the system doesn't keep it (macOS): the present one."""
    try:
        for line in (PROC / str(pid) / "status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return int(psutil.Process(pid).memory_info().rss)


def resident_bytes(pids: Mapping[str, int]) -> dict[str, int]:
    """The resident size of each process now."""
    return {name: int(psutil.Process(pid).memory_info().rss) for name, pid in pids.items()}


def disk_bytes(folder: Path) -> int:
    """Of all files below it as they lie on the disk, without holes; what goes away meanwhile counts nothing."""
    total = 0
    for place, folders, files in os.walk(folder):  # unlike `rglob`, it goes on where a folder is gone
        for name in (*folders, *files):
            try:
                total += os.lstat(Path(place, name)).st_blocks * BLOCK
            except OSError:
                continue
    return total


def idle_cpu(pids: Mapping[str, int], seconds: float) -> dict[str, float]:
    """The share of a core that each process takes over the next `seconds`."""
    before = {name: cpu_s(pid) for name, pid in pids.items()}
    threading.Event().wait(seconds)
    return {name: (cpu_s(pid) - before[name]) / seconds for name, pid in pids.items()}


def cpu_s(pid: int) -> float:
    """CPU seconds of a process so far, in the kernel, too."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)
