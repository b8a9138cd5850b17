"""Whether a broker has refused who logs in."""

from __future__ import annotations

from confluent_kafka import KafkaError

_REFUSED = frozenset(
    {
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError._AUTHENTICATION,  # noqa: SLF001 - how the client names its own codes
    }
)
UNANSWERED = "handshake failed: Local: "
"""In the text of a handshake (KIP-43) that no broker has answered: what begins so is the client's own finding."""


def is_login_refused(error: KafkaError) -> bool:
    """Not where the broker went away in the middle of the handshake: librdkafka 2.16 has the same code for that,
    and then logs in again by itself. Only the text tells them apart.
    """
    return error.code() in _REFUSED and UNANSWERED not in error.str()
