"""The sealer: every record of every audit topic becomes an entry of its partition's log, under signed checkpoints.

It decides nothing about what events say. The tree of each log is kept in `seal-state`, in the transaction that
takes the records up; a checkpoint is written in the one that makes it due, so it counts nothing that is not
committed with it. It is signed before that transaction begins: where that one fails, a signature was made that
nobody sees, over a tree that the next one only continues.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from schemas.codec import Codec, SchemaIds
from schemas.errors import ConfigError
from schemas.states import SealedLog
from streams.audit import metrics, note
from streams.audit.entries import origin
from streams.audit.note import BadNote, Note, Verifier
from streams.audit.prefixes import Prefixes
from streams.audit.same_topic import begin_late, not_the_same
from streams.audit.sealing import (
    Rhythm,
    begun,
    checkpoint_of,
    checkpointed,
    follows,
    fresh,
    grown,
    is_due,
    name_of,
)
from streams.engine.log import Log
from streams.engine.messages import Message, Outgoing, TopicPartition
from streams.engine.processor import Batch, Plan, Slot
from streams.engine.state import KeyedState

CHECKPOINTS = "checkpoints"
STATE = "seal-state"
PREFIX = "log/"


@dataclass(frozen=True, slots=True)
class Seams:
    """What the sealer needs from the outside."""

    name: str
    """Of this installation's logs; what origins begin with."""
    key: bytes
    """The pinned public key of the sealer, 32 bytes."""
    sign: Callable[[bytes], bytes]
    """Ed25519 by that key in Vault; may raise VaultUnavailable."""
    ids: SchemaIds
    """The registry; may raise RegistryUnavailable."""
    log: Log
    """To look again at what was sealed; may raise LogUnavailable."""
    topics: tuple[str, ...]
    """Those that are sealed."""


class SealProcessor:
    """All logs of an installation. Implements `streams.engine.processor.Processor`."""

    held: frozenset[str] = frozenset()

    def __init__(self, codec: Codec, seams: Seams, rhythm: Rhythm | None = None) -> None:
        self._codec = codec
        self._seams = seams
        self._rhythm = rhythm or Rhythm()
        self._prefixes = Prefixes(seams.ids)
        self._logs = self._no_logs()
        self._waiting: dict[str, int] = {}
        """When the oldest record of a log that no checkpoint covers came to its topic."""
        self._newest: dict[str, int] = {}
        """When the newest one came."""
        self._sealed_up_to = 0

    def restore(self, slot: Slot, changelog: Iterable[Message]) -> Plan:  # noqa: ARG002 - one slot owns all
        """Take the trees up where they were left; no record is hashed again.

        Raises ConfigError where the logs have been given another name since, or a topic is not the one any more
        that was sealed.
        """
        self._logs, self._waiting, self._newest = self._no_logs(), {}, {}
        for message in changelog:
            self._logs.apply(message)
        for log in self._all():
            self._check_name(log)
        for topic in self._seams.topics:
            self._check_topic(topic)
        return Plan()

    def process(self, batch: Batch) -> Plan:
        """Append what came, sign what is due. Raises RegistryUnavailable, VaultUnavailable, LogUnavailable;
        ConfigError where Vault signs with another key than the pinned one, or a log would not begin where its
        topic does.
        """
        plan = Plan()
        self._check_beginnings(batch)
        prefixes = self._prefixes.of(message.value for message in batch.messages)
        for place, messages in batch.by_partition().items():
            self._append(place, messages, prefixes)
        for key, log in list(self._logs.items()):
            if self._is_ours(log) and is_due(log, batch.now, self._rhythm):
                plan.outputs.append(self._checkpoint(key, log, batch.now))
        plan.outputs.extend(self._logs.changes())
        return plan

    def control(self, changed: Sequence[str]) -> Plan:  # noqa: ARG002 - nothing on `control` stops sealing
        """Nothing follows: what happened is sealed, whatever is frozen."""
        return Plan()

    def _append(self, place: TopicPartition, messages: Sequence[Message], prefixes: Mapping[int, bytes]) -> None:
        key = _key(place)
        log = self._log_of(place) or begun(place, origin(self._seams.name, place.topic, place.partition))
        new = fresh(log, messages)
        if not new:
            return
        self._logs.put(key, grown(log, new, prefixes))
        self._waiting.setdefault(key, new[0].timestamp)
        self._newest[key] = new[-1].timestamp
        metrics.ENTRIES.labels(place.topic).inc(len(new))

    def _checkpoint(self, key: str, log: SealedLog, now: int) -> Outgoing:
        signed = self._signed(checkpoint_of(log).text(), log.origin)
        self._logs.put(key, checkpointed(log, now))
        metrics.CHECKPOINTS.labels(log.topic).inc()
        if (since := self._waiting.pop(key, None)) is not None:
            metrics.BEHIND_SECONDS.labels(log.topic).observe(max(0, now - since) / 1000)
            self._sealed_up_to = max(self._sealed_up_to, self._newest.pop(key))
            metrics.SEALED_UP_TO.set(self._sealed_up_to / 1000)
        return Outgoing(CHECKPOINTS, log.origin.encode(), str(signed).encode())

    def _signed(self, text: str, name: str) -> Note:
        verifier = Verifier(name, self._seams.key)
        signed = note.signed(text, verifier, self._seams.sign(text.encode()))
        try:
            note.check(signed, verifier)
        except BadNote:
            raise ConfigError(
                f"{name}: Vault signs with another key than the one pinned for the sealer, the only one that "
                "verifiers know; no checkpoint is written. Find out who has replaced the key"
            ) from None
        return signed

    def _all(self) -> list[SealedLog]:
        return [log for _, log in self._logs.items()]

    def _log_of(self, place: TopicPartition) -> SealedLog | None:
        """None where none has begun under the name of now."""
        log = self._logs.get(_key(place))
        return log if log is not None and self._is_ours(log) else None

    def _is_ours(self, log: SealedLog) -> bool:
        """Not so of one that is over: of an earlier name, or of no entries, as a restore writes it. It stays until
        the first record of the next one.
        """
        return log.size > 0 and name_of(log) == self._seams.name

    def _check_name(self, log: SealedLog) -> None:
        before, where = name_of(log), f"{log.topic}/{log.partition}"
        if self._is_ours(log) or follows(self._seams.name, before):
            return
        if not log.size:
            raise ConfigError(
                f"the log of {where} that was named {log.origin} has ended with the installation that was lost, "
                "and what this one seals is another; set VEIL_LOG_NAME as the restore has printed it, or to "
                f"{before}-r and a date"
            )
        raise ConfigError(
            f"the log of {where} is named {log.origin} in all its checkpoints, and would be "
            f"{origin(self._seams.name, log.topic, log.partition)} now; set VEIL_LOG_NAME to {before}"
        )

    def _check_topic(self, topic: str) -> None:
        ours = [log for log in self._all() if log.topic == topic and self._is_ours(log)]
        for log in not_the_same(self._seams.log, topic, ours):
            raise ConfigError(
                f"{topic}/{log.partition} is not what was sealed as {log.origin}: of its {log.size:,} entries "
                f"the last is not at offset {log.next_offset - 1} any more, and has not expired. The topic was "
                "deleted and made again, or its end was lost. Nothing more is sealed, since what came anew would "
                "have the places of what is gone; how to go on: streams/audit/README.md, A topic that is another"
            )

    def _check_beginnings(self, batch: Batch) -> None:
        """Who goes on under another name, or has lost its state, is to begin where the topics do: of a log that
        begins in the middle nobody can make the tree again.
        """
        before = batch.positions_before
        begun_at = [it for it in batch.by_partition() if before.get(it, 0) and self._log_of(it) is None]
        for topic in sorted({it.topic for it in begun_at}):
            here = [it for it in begun_at if it.topic == topic]
            for place in begin_late(self._seams.log, topic, here, before):
                raise ConfigError(
                    f"the log of {topic}/{place.partition} would begin at offset {before[place]}, and its topic "
                    "has records before it; stop the sealer, delete the positions of its group "
                    "(kafka-consumer-groups --delete) and start it again: streams/audit/README.md, A topic that is"
                    " another"
                )

    def _no_logs(self) -> KeyedState[SealedLog]:
        return KeyedState(STATE, SealedLog, self._codec, PREFIX)


def key_of(log: SealedLog) -> str:
    """Its key on the topic of states."""
    return PREFIX + _key(TopicPartition(log.topic, log.partition))


def _key(place: TopicPartition) -> str:
    return f"{place.topic}/{place.partition}"
