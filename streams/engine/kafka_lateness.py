"""Asking a broker that is late: it restarts, hands partitions to another, or stands still for some seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from confluent_kafka import KafkaError, KafkaException

from schemas.errors import VeilError
from streams.engine.kafka_errors import error_of

T = TypeVar("T")

PATIENCE_S = 30.0
"""For a broker that is late, of whoever would have to be asked again: a person's command. One was seen to stand
still for more than ten seconds where tests shared two cores and their disk; Java's clients wait a minute.
"""
AGAIN_S = 10.0
"""For the same, of a process: it tries again by itself, and looks in between whether it is to stop."""
ROUND_S = 2.0
"""How long the client waits before it is asked what it has heard meanwhile: that the password is wrong, say."""

_NOBODY_ANSWERED = frozenset(
    {
        KafkaError._TIMED_OUT,  # noqa: SLF001 - how the client names its own codes
        KafkaError._TRANSPORT,  # noqa: SLF001 - as above
    }
)


def while_late(
    ask: Callable[[float], T],
    heard: Callable[[], VeilError | None],
    patience_s: float,
    monotonic: Callable[[], float] = time.monotonic,
) -> T:
    """The answer to `ask`, which is given a limit in seconds, as often as the client only says that it was over.

    After each round `heard` says what makes waiting useless, if anything. Raises that; KafkaException.
    """
    until = monotonic() + patience_s
    while True:
        try:
            return ask(min(ROUND_S, patience_s))
        except KafkaException as exception:
            error = error_of(exception)
            if (useless := heard()) is not None:
                raise useless from None
            if not _late(error) or monotonic() >= until:
                raise


def _late(error: KafkaError) -> bool:
    """A time limit that was over, or the last that a coordinator has said by then (`init_transactions`)."""
    return error.retriable() or error.code() in _NOBODY_ANSWERED
