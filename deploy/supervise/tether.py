"""Ties a program's life to its owner's, then becomes that program.

Run as a script: `python -I -S tether.py OWNER_PID PROGRAM ARG…`. It asks the kernel for SIGKILL when the owner
dies (prctl(2), PR_SET_PDEATHSIG; it survives execve), makes sure the owner is still there, and execs. A script of
its own rather than Popen's `preexec_fn`, which is unsafe in a process with threads. Costs 15 ms a start.
What the program creates is its user's alone (umask 077), whatever the owner's umask.
Where there is no prctl (macOS), the tie is left out and only an orderly stop ends the program.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h
OWNER_GONE = 75  # EX_TEMPFAIL of sysexits.h


def main(argv: list[str]) -> None:
    """Does not return: becomes `argv[1:]`, or exits when the owner `argv[0]` has died meanwhile."""
    owner, program = int(argv[0]), argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != owner:  # it died before the tie was made: nobody would ever end us
        sys.exit(OWNER_GONE)
    os.umask(0o077)
    os.execv(program[0], program)  # noqa: S606 - becoming the program is the purpose; no shell wanted


if __name__ == "__main__":
    main(sys.argv[1:])
