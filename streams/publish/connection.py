"""The Kafka client of a producer, and its errors as ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from schemas.errors import AccessDenied, ConfigError, LogUnavailable, Reason, Refused, VeilError
from schemas.kafka_logins import is_login_refused

DELIVERY_TIMEOUT_MS = 30_000
"""A broker restart takes 2–5 s, a leader election up to 10 s; after half a minute the caller should know."""
UNKNOWN_TOPIC_LIMIT_MS = 5_000
"""Topics are made long before they are published to; a new broker learns of one within a second."""
QUEUE_KBYTES = 65_536
"""64 MiB of messages waiting to be sent: 64 of the largest, or 100,000 usual ones."""

_DENIED = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    }
)
_NO_TOPIC = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC})  # noqa: SLF001 - librdkafka's
_TOO_LARGE = frozenset({KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE})

Delivered = Callable[[KafkaError | None, Message], None]


class Produces(Protocol):
    """What Kafka's own client and our connection have in common."""

    def produce(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        *,
        on_delivery: Delivered | None = None,
        headers: list[tuple[str, bytes]] | None = None,
    ) -> None:
        """Queue a message. Raises BufferError on a full queue, and what whoever implements it says."""
        ...

    def poll(self, timeout: float) -> int:
        """Serve delivery callbacks."""
        ...


class KafkaProducer(Produces, Protocol):
    """What the publisher asks of its connection (`lasting.LastingProducer`). Raises VeilError."""

    def flush(self, timeout: float) -> int:
        """Wait for deliveries; the number still waiting."""
        ...


def settings(brokers: str, ca: Path, username: str, password: str) -> dict[str, str | int | bool]:
    """An idempotent producer over TLS and SCRAM. `murmur2_random` hashes keys as Java clients do."""
    return {
        "bootstrap.servers": brokers,
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": str(ca),
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": username,
        "sasl.password": password,
        "enable.idempotence": True,
        "acks": "all",
        "partitioner": "murmur2_random",
        "compression.type": "none",  # ciphertext doesn't compress
        "linger.ms": 5,
        "message.max.bytes": 2 * 1024 * 1024,
        "queue.buffering.max.kbytes": QUEUE_KBYTES,
        "delivery.timeout.ms": DELIVERY_TIMEOUT_MS,
        "topic.metadata.propagation.max.ms": UNKNOWN_TOPIC_LIMIT_MS,
        "log_level": 0,  # librdkafka writes to stderr by itself, again and again; we hear through `error_cb`
    }


def client(configuration: Mapping[str, str | int | bool], on_error: Callable[[VeilError], None]) -> Producer:
    """Kafka's own. `on_error` hears of wrong credentials and lost brokers, from `poll` or `flush`.

    Raises ConfigError for settings librdkafka can't start with (a CA file that is none).
    """
    try:
        return Producer({**configuration, "error_cb": lambda error: on_error(error_of(error))})
    except KafkaException as failure:
        name = failure.args[0].name()
        raise ConfigError(
            f"Kafka's client does not start with these settings ({name}); is the CA file there?"
        ) from None


def error_of(error: KafkaError) -> VeilError:
    """Our error for one of Kafka's; names the code, never the message."""
    if error.code() in _DENIED or is_login_refused(error):
        return AccessDenied(f"Kafka refuses this producer ({error.name()}); check its user and rights")
    if error.code() in _NO_TOPIC:
        return LogUnavailable("Kafka has no such topic; run `veil topology apply`")
    if error.code() in _TOO_LARGE:
        return Refused(Reason.TOO_LARGE, "the broker takes no message of this size")
    return LogUnavailable(f"Kafka did not take a record ({error.name()})")
