"""The producers of two transactional ids by turns: while the broker writes the markers of one id's transaction,
the other's goes on. `turns.py` says in which order that is safe.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from confluent_kafka import KafkaError
from confluent_kafka import TopicPartition as KafkaPartition

from schemas.errors import Abortable, Fenced, VeilError
from streams.engine.kafka_login import KafkaLogin
from streams.engine.kafka_producer import CALL_TIMEOUT_S, KafkaProducer
from streams.engine.messages import Outgoing
from streams.engine.turns import Second, Turns


class KafkaTurns:
    """Used like a `KafkaProducer`, and fenced like that of the first id. Not thread-safe.

    Where the second is fenced it raises Abortable: what the transaction held is read from the log again.
    `positions_due`: whether the transaction that begins will send positions.
    """

    def __init__(
        self,
        access: Mapping[str, Any],
        ids: tuple[str, str],
        transaction_timeout_ms: int,
        positions_due: Callable[[], bool],
        login: KafkaLogin,
    ) -> None:
        self._new_second: Callable[[], KafkaProducer] = lambda: KafkaProducer(
            access, ids[1], transaction_timeout_ms, login
        )
        self._positions_due = positions_due
        self._first = KafkaProducer(access, ids[0], transaction_timeout_ms, login)
        self._second = self._new_second()
        self._turns = Turns()
        self._current: KafkaProducer | None = None
        """Whose transaction is open: chosen when it has something to hold."""

    @property
    def known(self) -> VeilError | None:
        """The first id's. What becomes of the second is told by what is done with it."""
        return self._first.known

    def initialise(self, patience_s: float = CALL_TIMEOUT_S) -> None:
        """Fence every earlier incarnation, first under the id that decides; as patient with each."""
        self._first.initialise(patience_s)
        self._second.initialise(patience_s)

    def begin(self) -> None:
        """Nothing yet: a transaction that turns out to hold nothing but positions is the first id's."""
        self._current = None

    def produce(self, outgoing: Outgoing) -> None:
        """Add a record."""
        producer = self._current or self._choose(positions=self._positions_due())
        with self._watching(producer):
            producer.produce(outgoing)

    def send_positions(self, positions: Sequence[KafkaPartition], group: object) -> None:
        """Add positions."""
        producer = self._current or self._choose(positions=True)
        with self._watching(producer):
            producer.send_positions(positions, group)

    def commit(self) -> None:
        """Commit; one that holds nothing reaches no broker, so it proves nothing."""
        if self._current is None:
            return
        with self._watching(self._current):
            self._current.commit()
        first = self._current is self._first
        self._turns = self._turns.first_committed() if first else self._turns.second_committed()
        self._current = None

    def abort(self) -> None:
        """Abort the open transaction, if any. The broker has done so where the second was fenced."""
        if self._current is None:
            return
        with contextlib.suppress(Abortable), self._watching(self._current):
            self._current.abort()
        self._current = None

    def close(self) -> None:
        """Leave."""
        self._first.close()
        self._second.close()

    def cause(self, error: KafkaError, doing: str) -> VeilError:
        """What is behind a client's error."""
        return self._first.cause(error, doing)

    def _choose(self, *, positions: bool) -> KafkaProducer:
        if self._turns.second is Second.OURS_AGAIN:
            self._initialise_again()
        second = self._turns.takes_second(positions=positions)
        producer = self._second if second else self._first
        with self._watching(producer):
            producer.begin()
        self._current = producer
        return producer

    def _initialise_again(self) -> None:
        self._second.close()
        self._second = self._new_second()
        with self._watching(self._second):
            self._second.initialise()
        self._turns = self._turns.second_initialised()

    @contextlib.contextmanager
    def _watching(self, producer: KafkaProducer) -> Iterator[None]:
        """Whoever is fenced on the second only may still own the slot."""
        try:
            yield
        except Fenced as error:
            if producer is self._first:
                raise
            self._turns, self._current = self._turns.second_fenced(), None
            raise Abortable(f"second id: {error}") from None
