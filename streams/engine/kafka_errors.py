"""What each Kafka error means to the loop. The only place that knows error codes (KIP-98, KIP-447, KIP-691)."""

from __future__ import annotations

from confluent_kafka import OFFSET_INVALID, KafkaError, KafkaException

from schemas.errors import Abortable, AccessDenied, CommitInDoubt, Fenced, LogUnavailable, VeilError
from schemas.kafka_logins import is_login_refused

END_OF_PARTITION = KafkaError._PARTITION_EOF  # noqa: SLF001 - how the client names its own codes

_DENIED = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    }
)
_FENCED = frozenset(
    {
        KafkaError._FENCED,  # noqa: SLF001
        KafkaError.PRODUCER_FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.FENCED_INSTANCE_ID,
    }
)


def error_of(exception: KafkaException) -> KafkaError:
    """The error inside an exception."""
    error = exception.args[0]
    assert isinstance(error, KafkaError)
    return error


def told(offset: int, doing: str) -> int:
    """An offset that a broker was asked for. Raises LogUnavailable where it told none.

    librdkafka 2.16 says of a request for offsets that failed as a whole that all went well, and of each partition
    that its offset is invalid (`rd_kafka_ListOffsets_response_merge`): to who compares, it was passed long ago.
    """
    if offset == OFFSET_INVALID:
        raise LogUnavailable(f"{doing}: the broker gave no answer")
    return offset


def translate(error: KafkaError, doing: str) -> VeilError:
    """Our error for a Kafka error met while `doing` something. Its text names the code, never a record."""
    what = f"{doing}: {error.name()}"
    if error.code() in _DENIED or is_login_refused(error):
        return AccessDenied(f"{what}; the identity's rights or credentials do not allow it")
    if error.code() in _FENCED:
        return Fenced(f"{what}; another process has taken over this slot")
    if error.txn_requires_abort():
        return Abortable(what)
    if error.fatal():
        return CommitInDoubt(f"{what}; the producer is beyond repair")
    return LogUnavailable(what)
