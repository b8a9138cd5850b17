"""What an administrator's request to Kafka came to: its answer, or one of our errors."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from confluent_kafka import KafkaError, KafkaException

from schemas.errors import AccessDenied, LogUnavailable, StackError, VeilError
from schemas.kafka_logins import is_login_refused

T = TypeVar("T")

TIMEOUT_S = 15.0
"""Creating 34 topics took 1.2 s on two busy cores."""
_DENIED = {
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
}
_AWAY = {
    KafkaError._TRANSPORT,  # noqa: SLF001 - the client's own name
    KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001 - the client's own name
    KafkaError._TIMED_OUT,  # noqa: SLF001 - the client's own name
    KafkaError.REQUEST_TIMED_OUT,
    KafkaError.NOT_CONTROLLER,
    KafkaError._AUTHENTICATION,  # noqa: SLF001 - where the login was not refused, it was not answered
}


def result(what: str, future: Future[T]) -> T:
    """What a request has brought. Raises as `answer`."""
    return answer(what, lambda: future.result(timeout=2 * TIMEOUT_S))


def answer(what: str, action: Callable[[], T]) -> T:
    """What the action returns. Raises LogUnavailable, AccessDenied, StackError; `what` is said in them."""
    try:
        return action()
    except KafkaException as error:
        raise _ours(what, error.args[0]) from None
    except TimeoutError:
        raise LogUnavailable(f"Kafka did not {what} in {2 * TIMEOUT_S:.0f} s") from None


def denied(what: str) -> AccessDenied:
    """Who asked may not do that."""
    return AccessDenied(f"Kafka does not let this user {what}; apply needs the provisioner's or an admin's rights")


def _ours(what: str, error: KafkaError) -> VeilError:
    if error.code() in _DENIED or is_login_refused(error):
        return denied(what)
    if error.code() in _AWAY:
        return LogUnavailable(f"Kafka did not {what}: no broker answers")
    return StackError(f"Kafka did not {what}: {error.name()}")
