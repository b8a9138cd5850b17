"""What a consumer got, as plain values."""

from __future__ import annotations

from confluent_kafka import Message as KafkaMessage

from streams.engine.messages import Message


def message_of(message: KafkaMessage) -> Message:
    """A consumed message as a plain value. Where a header name repeats, the last one counts."""
    headers = _headers_of(message)
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None
    assert partition is not None
    assert offset is not None
    key, value = message.key(), message.value()
    return Message(
        topic,
        partition,
        offset,
        key.encode() if isinstance(key, str) else key,
        value.encode() if isinstance(value, str) else value,
        headers,
        message.timestamp()[1],
    )


def _headers_of(message: KafkaMessage) -> dict[str, bytes]:
    """None at all where a name is not UTF-8: the client can't say such names (it fails with SystemError), and
    whoever may write to a topic must not be able to stop its readers.
    """
    try:
        found = list(message.headers() or [])
    except (SystemError, UnicodeDecodeError):
        return {}
    return {str(name): value for name, value in found if isinstance(value, bytes)}
