"""The transactional producer of one id (KIP-98). A session has one, or two by turns (`kafka_turns.py`)."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka import Message as KafkaMessage
from confluent_kafka import TopicPartition as KafkaPartition

from schemas.errors import Abortable, AccessDenied, CommitInDoubt, Fenced, LogUnavailable, VeilError
from streams.engine.bounded_calls import BoundedCalls, CallHangs
from streams.engine.kafka_errors import error_of, translate
from streams.engine.kafka_lateness import while_late
from streams.engine.kafka_login import KafkaLogin, Producer
from streams.engine.messages import Outgoing

T = TypeVar("T")

CALL_TIMEOUT_S = 10.0
"""Metadata, committed offsets: a restarted broker is back in 2–4 s."""
HANGS_AFTER_S = 15.0
"""Half as long again as the time limit that the client is given, and does not always keep."""
COMMIT_ATTEMPTS = 3
"""Each waits `CALL_TIMEOUT_S`; a retried commit is the same commit (librdkafka). After that it is in doubt."""
MARKERS_S = 0.005
"""The broker answers a commit before it has written the transaction's markers, which takes 1–3 ms, on a busy
machine longer. A record produced meanwhile waits 20 ms in the client, whatever `retry.backoff.ms` says. Of
transactions that followed each other at once 44 % took 20 ms more (median 14 ms, p95 43), with a pause of 4 ms
1 % (6 and 9 ms; 150 each, two cores at load 6, 2026-11-26). What people wait for: `deploy/bench/README.md`.
"""
RETRY_BACKOFF_MS = 2
"""Where positions meet the markers all the same (CONCURRENT_TRANSACTIONS) the client asks again after this time,
doubled with each attempt up to a second. With its default of 100 ms one commit in ten took 110 ms.
"""


class KafkaProducer:
    """One incarnation of a transactional id; of use after `initialise`. Not thread-safe.

    Every call may raise LogUnavailable, AccessDenied, Fenced (another incarnation was initialised).
    """

    def __init__(
        self, access: Mapping[str, Any], transactional_id: str, transaction_timeout_ms: int, login: KafkaLogin
    ) -> None:
        self._login = login
        self.known: VeilError | None = None
        """The real cause behind a vague error; the client tells it to the error callback only."""
        self._open = False
        self._undelivered: KafkaError | None = None
        self._ended_at = 0.0
        """When the last transaction was committed or aborted."""
        self._calls = BoundedCalls(f"{transactional_id} positions")
        settings = _settings(access, transactional_id, transaction_timeout_ms, self._on_error)
        self._client = login.keep(Producer(settings))

    def initialise(self, patience_s: float = CALL_TIMEOUT_S) -> None:
        """Fence every earlier incarnation, and end what it had open; a round that was over is gone on with."""
        self._call(lambda: while_late(self._initialise, self._heard, patience_s), "fencing earlier incarnations")

    def begin(self) -> None:
        """Begin a transaction, when the broker has written the markers of this id's last one."""
        time.sleep(max(0.0, self._ended_at + MARKERS_S - time.monotonic()))
        self._undelivered = None
        self._call(self._client.begin_transaction, "beginning a transaction")
        self._open = True

    def produce(self, outgoing: Outgoing) -> None:
        """Add a record; waits while the client's queue is full."""
        while True:
            try:
                self._client.produce(
                    outgoing.topic,
                    key=outgoing.key,
                    value=outgoing.value,
                    headers=list(outgoing.headers),
                    on_delivery=self._delivered,
                )
            except BufferError:
                self._client.poll(0.05)
            except KafkaException as error:
                raise self.cause(error_of(error), f"producing to {outgoing.topic}") from None
            else:
                return

    def send_positions(self, positions: Sequence[KafkaPartition], group: object) -> None:
        """Add positions. Raises CommitInDoubt.

        The client ignores this call's time limit when the group's coordinator goes away (librdkafka #5456,
        seen after a killed broker): what hangs is left behind, and its producer fenced by the next session's.
        """
        try:
            self._call(
                lambda: self._calls.run(lambda: self._send(list(positions), group), HANGS_AFTER_S),
                "sending positions",
            )
        except CallHangs:
            raise CommitInDoubt(f"sending positions: no answer within {HANGS_AFTER_S:.0f} s") from None

    def commit(self) -> None:
        """Commit. Raises Abortable, CommitInDoubt."""
        for attempt in range(1, COMMIT_ATTEMPTS + 1):
            try:
                self._client.commit_transaction(CALL_TIMEOUT_S)
            except KafkaException as error:
                why = error_of(error)
                if self._undelivered is not None:  # the cause; the commit's own error only says "inconsistent"
                    raise _cause_of(self._undelivered) from None
                if why.retriable() and attempt < COMMIT_ATTEMPTS:
                    continue
                if why.retriable() or why.code() == KafkaError._TIMED_OUT:  # noqa: SLF001 - client's own code
                    raise CommitInDoubt(f"committing: {why.name()}") from None
                raise self.cause(why, "committing") from None
            else:
                self._ended()
                return

    def abort(self) -> None:
        """Abort the open transaction, if any. Raises CommitInDoubt."""
        if not self._open:
            return
        try:
            self._client.abort_transaction(CALL_TIMEOUT_S)
        except KafkaException as error:
            cause = self.cause(error_of(error), "aborting")
            raise cause if isinstance(cause, Fenced) else CommitInDoubt(str(cause)) from None
        self._ended()

    def close(self) -> None:
        """Leave, for good; an open transaction is left to the next incarnation, which aborts it.

        The client calls us back, and so each holds the other. Were it left to the garbage collector, one that is
        not initialised yet would go on trying, and fence whoever comes after it as soon as the broker is back.
        """
        client = self.__dict__.pop("_client", None)
        if client is not None:  # never its truth: one that has nothing to do is false
            with contextlib.suppress(KafkaException):
                client.purge(blocking=False)  # else it waits for its own threads, with Python's lock held
                client.flush(0)
        self._calls.close()

    def cause(self, error: KafkaError, doing: str) -> VeilError:
        """A wrong password shows as a transport error, a fenced producer as `_FATAL`: ask for what is behind."""
        try:
            self._client.poll(0)
        except KafkaException as fatal:
            error = error_of(fatal)
        found = self.known or translate(error, doing)
        if self._open and self._undelivered is not None and not isinstance(found, Fenced | AccessDenied):
            return _cause_of(self._undelivered)  # of what follows, the client only says that it can't go on
        return found

    def _send(self, positions: list[KafkaPartition], group: object) -> None:
        self._client.send_offsets_to_transaction(positions, group, CALL_TIMEOUT_S)

    def _initialise(self, limit_s: float) -> None:
        self._client.init_transactions(limit_s)

    def _heard(self) -> VeilError | None:
        with contextlib.suppress(KafkaException):  # a fatal one is told by the call itself, too
            self._client.poll(0)
        return self.known

    def _ended(self) -> None:
        self._open, self._ended_at = False, time.monotonic()

    def _delivered(self, error: KafkaError | None, _message: KafkaMessage) -> None:
        if error is not None and self._undelivered is None:
            self._undelivered = error

    def _call(self, what: Callable[[], T], doing: str) -> T:
        try:
            return what()
        except KafkaException as error:
            raise self.cause(error_of(error), doing) from None

    def _on_error(self, error: KafkaError) -> None:
        if self._login.passing(error):
            return
        cause = translate(error, "connecting")
        if isinstance(cause, AccessDenied | Fenced):
            self.known = cause


def _cause_of(undelivered: KafkaError) -> VeilError:
    cause = translate(undelivered, "delivering")
    return Abortable(str(cause)) if isinstance(cause, LogUnavailable) else cause


def _settings(
    access: Mapping[str, Any], transactional_id: str, timeout_ms: int, on_error: Callable[[KafkaError], None]
) -> dict[str, Any]:
    return dict(access) | {
        "transactional.id": transactional_id,
        "transaction.timeout.ms": timeout_ms,
        "partitioner": "murmur2_random",
        "linger.ms": 2,
        "retry.backoff.ms": RETRY_BACKOFF_MS,
        "compression.type": "lz4",
        "message.max.bytes": 2 * 1024 * 1024,
        "error_cb": on_error,
    }
