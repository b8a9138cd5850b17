"""Watch as a process with short windows: `python -m tests.streams.watch.process ROOT`. To be killed."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from deploy import logs
from deploy.stages.watch import open_watch
from streams.watch.windows import Windows

WINDOWS = Windows(step_ms=1_000, steps=5, lateness_ms=2_000)
STATE_EVERY_MS = 300


def main(root: Path) -> None:
    logs.configure("watch.platform.0")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with open_watch(root, WINDOWS, STATE_EVERY_MS) as watch:
        watch.run(stop)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
