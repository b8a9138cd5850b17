"""A producer's connection that outlives Kafka's client.

An idempotent producer of librdkafka (2.16 here) gives up for good where it can't send a batch again just as it
was: each time too few replicas were in sync for half a minute, and from then on it took nothing, also when the
broker did again. What it had is told as failed, and a new one made. Until all of it is told, the one before is
kept and served: else a flush would return as if what nobody has confirmed were delivered.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol, cast

from confluent_kafka import KafkaError, KafkaException

from schemas.errors import VeilError
from streams.publish.connection import Delivered, Produces, client, error_of

LAST_WORDS_S = 5.0
"""How long the next record waits for a client that has given up to tell of what it had; it does so at once. What
it has not told by then is told from `poll` and `flush`.
"""
SLICE_S = 0.1
"""How long the client in use is polled at a time while another has something to tell."""


class Client(Produces, Protocol):
    """What is asked of `confluent_kafka.Producer`. `produce` and `poll` raise KafkaException when it has given up,
    `poll` once.
    """

    def purge(self, *, blocking: bool) -> None:
        """Let everything fail that is not delivered."""
        ...

    def __len__(self) -> int:
        """How many have no report yet."""
        ...


class LastingProducer:
    """Implements `connection.KafkaProducer`. Thread-safe, as its clients are. `make` raises ConfigError."""

    def __init__(self, make: Callable[[], Client], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._make = make
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._client = make()
        self._retired: tuple[Client, ...] = ()
        """Those that gave up and have not told all."""

    def produce(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        *,
        on_delivery: Delivered | None = None,
        headers: list[tuple[str, bytes]] | None = None,
    ) -> None:
        """Queue a message. Raises BufferError on a full queue, and as `connection.error_of`."""
        while True:
            used = self._client
            try:
                used.produce(topic, value, key, on_delivery=on_delivery, headers=headers)
                break
            except KafkaException as failure:
                if failure.args[0].code() != KafkaError._FATAL:  # noqa: SLF001 - librdkafka's own codes have this form
                    raise error_of(failure.args[0]) from None
                self._renew(used)

    def poll(self, timeout: float) -> int:
        """Serve reports of delivery."""
        if not self._retired:
            return _served(self._client, timeout)
        served = sum(_served(one, 0) for one in self._retired)
        self._let_go()
        return served + _served(self._client, min(timeout, SLICE_S))

    def flush(self, timeout: float) -> int:
        """Wait for deliveries; the number still waiting.

        By polls: the client's own `flush` goes on to call us back after it has raised, and what was told then is
        lost with a SystemError (confluent-kafka-python #865).
        """
        return self._told(self._waiting, self.poll, timeout)

    def _waiting(self) -> int:
        with self._lock:
            clients = (self._client, *self._retired)
        return sum(map(len, clients))

    def _told(self, waiting: Callable[[], int], serve: Callable[[float], int], timeout: float) -> int:
        """Serve until nobody is waiting; the number that still are."""
        until = self._monotonic() + timeout
        while (count := waiting()) and (left := until - self._monotonic()) > 0:
            serve(left)
        return count

    def _renew(self, used: Client) -> None:
        """A new one in its place; the reports of the one before are served first, if it tells them in time."""
        with self._lock:
            if self._client is used:
                self._client, self._retired = self._make(), (*self._retired, used)
        self._told(used.__len__, partial(_served, used), LAST_WORDS_S)
        self._let_go()

    def _let_go(self) -> None:
        """Of those that have told all; by their number, since a client with nothing in it is false."""
        with self._lock:
            self._retired = tuple(one for one in self._retired if len(one) > 0)


def connect(
    configuration: Mapping[str, str | int | bool], on_error: Callable[[VeilError], None]
) -> LastingProducer:
    """A producer of its own. `on_error` hears of wrong credentials and lost brokers, from `poll` or `flush`.

    Raises ConfigError for settings librdkafka can't start with (a CA file that is none).
    """
    # Its headers may also hold text and None; `list` is invariant.
    return LastingProducer(lambda: cast("Client", client(configuration, on_error)))


def _served(used: Client, timeout: float) -> int:
    try:
        return used.poll(timeout)
    except KafkaException:
        used.purge(blocking=False)  # else some of what it can't send any more waits for its time to be up
        return 0
