"""A producer's connection that outlives Kafka's client.

An idempotent producer of librdkafka (2.16 here) gives up for good where it can't send a batch again just as it
was: each time too few replicas were in sync for half a minute, and from then on it took nothing, also when the
broker did again. What it had is told as failed, and a new one made.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol, cast

from confluent_kafka import KafkaError, KafkaException

from schemas.errors import VeilError
from streams.publish.connection import Delivered, Produces, client, error_of

LAST_WORDS_S = 5.0
"""How long a client that has given up may take to tell of what it had; it does so at once."""


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
        used = self._client
        try:
            used.produce(topic, value, key, on_delivery=on_delivery, headers=headers)
        except KafkaException as failure:
            if failure.args[0].code() != KafkaError._FATAL:  # noqa: SLF001 - librdkafka's own codes have this form
                raise error_of(failure.args[0]) from None
            self._renew(used).produce(topic, value, key, on_delivery=on_delivery, headers=headers)

    def poll(self, timeout: float) -> int:
        """Serve reports of delivery."""
        return _served(self._client, timeout)

    def flush(self, timeout: float) -> int:
        """Wait for deliveries; the number still waiting.

        By polls: the client's own `flush` goes on to call us back after it has raised, and what was told then is
        lost with a SystemError (confluent-kafka-python #865).
        """
        return _flushed(self._client, timeout, self._monotonic)

    def _renew(self, used: Client) -> Client:
        """A new one in its place; the reports of the one before are served first."""
        with self._lock:
            if self._client is used:
                self._client = self._make()
        _flushed(used, LAST_WORDS_S, self._monotonic)
        return self._client


def connect(
    configuration: Mapping[str, str | int | bool], on_error: Callable[[VeilError], None]
) -> LastingProducer:
    """A producer of its own. `on_error` hears of wrong credentials and lost brokers, from `poll` or `flush`.

    Raises ConfigError for settings librdkafka can't start with (a CA file that is none).
    """
    # Its headers may also hold text and None; `list` is invariant.
    return LastingProducer(lambda: cast("Client", client(configuration, on_error)))


def _flushed(used: Client, timeout: float, monotonic: Callable[[], float]) -> int:
    until = monotonic() + timeout
    while (waiting := len(used)) and (left := until - monotonic()) > 0:
        _served(used, left)
    return waiting


def _served(used: Client, timeout: float) -> int:
    try:
        return used.poll(timeout)
    except KafkaException:
        used.purge(blocking=False)  # else some of what it can't send any more waits for its time to be up
        return 0
