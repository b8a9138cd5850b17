"""The password of one identity, and the clients that log in with it: it can change while they work (KIP-554).

One SCRAM user has one password. When it changes, connections that are open go on, until the broker asks them to
log in again; a new connection needs the new one. So each client is told it (`set_sasl_credentials` of librdkafka),
and one that is refused meanwhile tries again.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Protocol, TypeVar
from weakref import WeakSet

import confluent_kafka
from confluent_kafka import KafkaError

from schemas.kafka_logins import is_login_refused

SETTLING_S = 30.0
"""Brokers take a password from the controller's log within milliseconds; a client tries again each second."""


class Consumer(confluent_kafka.Consumer):
    """The client's, which can't be referred to weakly."""


class Producer(confluent_kafka.Producer):
    """The client's, which can't be referred to weakly."""


class Client(Protocol):
    """What of a consumer, producer or administrator's client is used here."""

    def set_sasl_credentials(self, username: str, password: str, /) -> None:
        """From the next connection on."""
        ...


C = TypeVar("C", bound=Client)


class KafkaLogin:
    """Thread-safe. `look` says what the password is by now, where it may change."""

    def __init__(self, user: str, password: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._user, self._password, self._monotonic = user, password, monotonic
        self.look: Callable[[], str] = lambda: self.password
        self._lock = threading.Lock()
        self._clients: WeakSet[Client] = WeakSet()
        self._changed_at: float | None = None

    @property
    def password(self) -> str:
        """As it is known here."""
        return self._password

    def keep(self, client: C) -> C:
        """A client that logs in with it, and is told when it changes, as long as it is there."""
        with self._lock:
            self._clients.add(client)
        return client

    def change(self, password: str) -> bool:
        """Every client logs in with this one from now on. False: it is the same."""
        with self._lock:
            if password == self._password:
                return False
            self._password, self._changed_at = password, self._monotonic()
            clients = list(self._clients)
        for client in clients:
            with contextlib.suppress(RuntimeError):  # it was closed
                client.set_sasl_credentials(self._user, password)
        return True

    def passing(self, error: KafkaError) -> bool:
        """Whether a login was refused only because the password is being changed just now."""
        if not is_login_refused(error):
            return False
        if self.change(self.look()):
            return True
        since = self._changed_at
        return since is not None and self._monotonic() - since < SETTLING_S
