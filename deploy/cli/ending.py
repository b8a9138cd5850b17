"""Commands that are ended from outside, as a container's are."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM, and the end of the terminal, end it as Ctrl-C does, and nothing is left: else the first process of
    a container is deaf to it, and half of a stack stays where a connection broke. A second one doesn't interrupt
    that.
    """

    def interrupt(*_: object) -> None:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in ENDING}
    if before[signal.SIGHUP] is signal.SIG_IGN:  # begun by `nohup`, it outlives its terminal
        del before[signal.SIGHUP]
    for number in before:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
