"""Whose clock a process's times are by: the machine's, as its kernel names itself while it runs."""

from __future__ import annotations

import hashlib
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""Drawn at each boot, and the same in all containers of a machine, as its clock is; its name is not, nor is what
`/etc/machine-id` says there.
"""


def clock_of_machine(boot_id: Path = BOOT_ID) -> bytes:
    """16 bytes that processes with the same clock share; none where the kernel doesn't say (it isn't Linux)."""
    try:
        told = boot_id.read_bytes().strip()
    except OSError:
        return b""
    return hashlib.sha256(b"veilstream clock" + told).digest()[:16] if told else b""
