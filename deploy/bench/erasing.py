"""How long it takes to erase somebody: from the second signature to "out of Vault", and to "everybody has let go".

Segments and their index are made up: written to Vault and to `segments.bench` as an administrator can, by a slot
that says it knows of the erasure. What reads, rewrites, reads back, lets go and says so are the processes as they
run. Times are the broker's: when each event was appended to the audit.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from deploy.acting import act
from deploy.bench.ground import OPERATOR, PROJECT, SIGNERS, Ground
from deploy.bench.report import Erasing
from deploy.bench.segments import HOUR_MS, administrators_vault, commit_index, now_ms
from deploy.control_orders import control_record, order_withdrawals
from schemas.audit import AuditEvent, Event, EventType
from schemas.codec import Codec
from schemas.control import ControlKind, WithdrawalReason
from schemas.erasure import ErasureReason, erasure_body, erasure_key
from schemas.errors import StackError
from schemas.hidden import SealedBytes
from schemas.records import SegmentEntry, SegmentIndex
from schemas.registry import Registry
from schemas.resources import control_resource, task_ids
from streams.audit.erasures import Erasures
from streams.engine.kafka import KafkaLog
from streams.engine.log import Follower
from streams.engine.messages import Message
from vault.segments.document import Layer, LayerDocument, pack, path_of

SLOT = f"redact.{PROJECT}.9"
AUDIT = f"audit.{PROJECT}"
TASKS, ENTRY_BYTES = 20, 200
"""Of a segment: 4 kB a document."""
AT_ONCE = 200
LAST = 60
"""Segments written last; some of them are in each partition."""
WITHIN_S = 600.0


def measure(ground: Ground, segments: int, affected: int) -> Erasing:
    """So many segments, of which so many hold a task of the person."""
    registry = Registry(ground.installation.endpoints.registry.url, ground.installation.endpoints.registry.tls())
    try:
        return _Bench(ground, Codec(registry), ground.log()).measured(segments, affected)
    finally:
        registry.close()


class _Bench:
    def __init__(self, ground: Ground, codec: Codec, log: KafkaLog) -> None:
        self._ground = ground
        self._codec = codec
        self._log = log
        self._subject = secrets.token_bytes(32)
        self._now = now_ms()
        self._erasures = Erasures(PROJECT)
        self._out: set[str] = set()
        self._read: list[Message] = []

    def measured(self, segments: int, affected: int) -> Erasing:
        every = segments // affected
        made = [self._index(number, number % every == 0) for number in range(segments)]
        with closing(self._log.follow([AUDIT])) as follower:
            self._write(made)
            self._await_keeper(follower, made[-LAST:])
            self._order()
            ordered = self._at(follower, _is_second, "the second order")
            erased = self._at(follower, lambda event: event.type is EventType.SUBJECT_ERASED, "keeper")
            found = self._erasures.find(self._subject.hex())
            over = erased
            while not self._erasures.find(self._subject.hex()).is_over:
                over = self._at(follower, lambda _: True, "everybody who lets go")
        tasks = len(found.tasks)
        if tasks != affected:
            raise StackError(f"{affected} tasks name the person and {tasks} were taken out")
        self._ground.report(f"erased {tasks} tasks of {segments:,} segments in {(erased - ordered) / 1000:.1f} s")
        return Erasing(segments, tasks, (erased - ordered) / 1000, (over - ordered) / 1000)

    def _index(self, number: int, names: bool) -> SegmentIndex:
        entries = [SegmentEntry(secrets.token_hex(16), (secrets.token_bytes(32),)) for _ in range(TASKS)]
        if names:
            entries[0] = SegmentEntry(entries[0].task_id, (self._subject,))
        name = f"{SLOT}/1/{number}"
        return SegmentIndex(
            name, SLOT, 1, number, "bundle", self._now + number, self._now + HOUR_MS, tuple(entries)
        )

    def _write(self, made: Sequence[SegmentIndex]) -> None:
        """Documents first, then the index of them, as redact does."""
        with administrators_vault(self._ground) as vault:
            for first in range(0, len(made), AT_ONCE):
                vault.create_all([one for index in made[first : first + AT_ONCE] for one in _documents(index)])
        commit_index(self._log, self._codec, SLOT, made)

    def _await_keeper(self, follower: Follower, last: Sequence[SegmentIndex]) -> None:
        """Until keeper has read all: a task of each of the last segments is withdrawn, whatever partition it is
        in.
        """
        waiting = {index.entries[-1].task_id for index in last}
        with self._ground.acting("person", OPERATOR) as around:
            order_withdrawals(around, sorted(waiting), WithdrawalReason.REHEARSAL)
        while not waiting <= self._out:
            self._at(follower, lambda event: bool(_taken_out(event)), "keeper, which reads")

    def _order(self) -> None:
        """As `veil erase` does it, the hash given."""
        for signer in (OPERATOR, SIGNERS[1]):
            key = erasure_key(PROJECT, self._subject.hex(), signer)
            event = Event(
                EventType.ERASURE_ORDERED,
                control_resource(key),
                person=signer,
                reason=ErasureReason.REHEARSAL.value,
            )
            body = erasure_body(ErasureReason.REHEARSAL)
            with self._ground.acting("person", signer) as around:
                act(around, [control_record(around, key, ControlKind.ERASE, body)], [event])

    def _at(self, follower: Follower, wanted: Callable[[AuditEvent], bool], who: str) -> int:
        """When the next such event was appended, in milliseconds. Raises StackError where it does not come."""
        until = time.monotonic() + WITHIN_S
        while time.monotonic() < until:
            for event, at in self._events(follower):
                self._erasures.add(event)
                self._out |= _taken_out(event)
                if wanted(event):
                    return at
        raise StackError(f"nothing was heard of {who} for {WITHIN_S:.0f} s")

    def _events(self, follower: Follower) -> Iterator[tuple[AuditEvent, int]]:
        """One after the other: what comes after the one that is waited for is for the next to wait."""
        if not self._read:
            self._read += reversed(follower.poll(500, 0.5))
        while self._read:
            message = self._read.pop()
            if message.value is not None:
                yield self._codec.decode(message.value, AuditEvent), message.timestamp


def _is_second(event: AuditEvent) -> bool:
    return event.type is EventType.ERASURE_ORDERED and event.person == SIGNERS[1]


def _documents(index: SegmentIndex) -> Iterator[tuple[str, bytes]]:
    entries = {entry.task_id: SealedBytes(os.urandom(ENTRY_BYTES)) for entry in index.entries}
    for layer in Layer:
        document = LayerDocument(PROJECT, index.segment_id, layer, (), entries)
        yield path_of(layer, index.segment_id), pack(document)


def _taken_out(event: AuditEvent) -> set[str]:
    """The tasks that keeper says are out of Vault."""
    by_keeper = event.process == f"keeper.{PROJECT}" and event.type is EventType.TASK_WITHDRAWN
    return set(task_ids(event)) if by_keeper else set()
