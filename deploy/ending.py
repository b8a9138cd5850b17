"""Commands that are ended from outside, as a container's are."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

ENDING = (signal.SIGTERM, signal.SIGHUP)
SHOWN = (1, 2)
"""Standard output and standard error."""


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM, and the end of the terminal, end it as Ctrl-C does, and nothing is left: else the first process of
    a container is deaf to it, and half of a stack stays where a connection broke. A second one doesn't interrupt
    that, nor does what is said meanwhile to a terminal that has gone. In the main thread alone; elsewhere nothing
    is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    shown = [number for number in SHOWN if os.isatty(number)]  # once it has gone, nobody can tell

    def interrupt(number: int, _: object) -> None:
        for one in ENDING:
            signal.signal(one, signal.SIG_IGN)
        if number == signal.SIGHUP:
            _say_nothing_at(shown)
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


def _say_nothing_at(terminals: Iterable[int]) -> None:
    """Writing to a terminal that has gone fails, and the command would end there instead of clearing up."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in terminals:
        os.dup2(nowhere, number)
    os.close(nowhere)
