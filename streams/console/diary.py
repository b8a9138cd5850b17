"""What the console says on the audit: events of callers, committed together, before anything is shown.

One thread writes; callers wait for the commit that carries their event. Each life of the process, and each commit
of unknown outcome, takes a fresh slot, so that the chain needs no state: `veil audit` reads it as that of a
command.
"""

from __future__ import annotations

import contextlib
import queue
import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass

import structlog

from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.errors import DependencyError, TransactionError, VeilError
from schemas.resources import slot_resource
from streams.engine.chain import Chain, audit_records
from streams.engine.clock import Clock
from streams.engine.health import Health
from streams.engine.log import Log, Ownership, Session, SessionSpec
from streams.engine.processor import Slot
from topology.identity import Identity

TRANSACTION_TIMEOUT_MS = 10_000
"""A commit takes milliseconds; readers of `audit.platform` wait so long for one that a killed process left
open.
"""
TOGETHER = 200
"""Events in one transaction: more than people look at in a commit's time."""
_IDLE_S = 0.2
log = structlog.get_logger()


class DiaryFull(DependencyError):
    """More waits than is ever said in time: the log is away."""


class Closed(DependencyError):
    """The process is ending."""


@dataclass(frozen=True, slots=True)
class DiarySeams:
    """What it needs. `topic`: where it writes; `sign`: by the identity's key in Vault."""

    identity: Identity
    topic: str
    log: Log
    codec: Codec
    clock: Clock
    sign: Callable[[bytes], bytes]


@dataclass(slots=True)
class _Open:
    """A slot that works."""

    session: Session
    chain: Chain
    slot: str


Waiting = tuple[Event, "Future[None]"]


class Diary:
    """`say` from any thread; `run` in one of its own. While it can't write, `health` says so."""

    def __init__(self, seams: DiarySeams, health: Health, pending: int) -> None:
        self._seams = seams
        self._health = health
        self._notice = ""
        self._queue: queue.Queue[Waiting] = queue.Queue(pending)
        self._open: _Open | None = None
        self._ended = threading.Event()

    def say(self, event: Event) -> Future[None]:
        """Done once the event is committed; fails with a VeilError where it is not, or nobody can tell."""
        done: Future[None] = Future()
        if self._ended.is_set():
            done.set_exception(Closed("the console is ending"))
            return done
        try:
            self._queue.put_nowait((event, done))
        except queue.Full:
            done.set_exception(DiaryFull("the audit can't be written now; ask again"))
        return done

    def run(self, stop: threading.Event) -> None:
        """Write until told to stop, then what still waits, and that it ends. Never raises a VeilError."""
        while not stop.is_set():
            self._commit(self._taken(_IDLE_S))
        self._ended.set()
        while waiting := self._taken(0):
            self._commit(waiting)
        self._leave()

    def _taken(self, wait_s: float) -> list[Waiting]:
        found: list[Waiting] = []
        with contextlib.suppress(queue.Empty):
            found.append(self._queue.get(timeout=wait_s) if wait_s else self._queue.get_nowait())
            while len(found) < TOGETHER:
                found.append(self._queue.get_nowait())
        return found

    def _commit(self, waiting: Sequence[Waiting]) -> None:
        if not waiting:
            return
        try:
            self._write([event for event, _ in waiting])
        except VeilError as error:
            self._discard()
            self._note(f"the audit can't be written, so nothing is shown: {error}")
            _settle(waiting, error)
        else:
            self._note("")
            _settle(waiting, None)

    def _note(self, notice: str) -> None:
        """Callers are told no reason: it stands in health, and in the log when it is another one."""
        if notice == self._notice:
            return
        self._notice = notice
        self._health.note(notice)
        if notice:
            log.warning("notice", notice=notice)
        else:
            log.info("notice_over")

    def _write(self, events: Sequence[Event]) -> None:
        if self._open is None:
            self._open, events = self._begun(events)
        at, seams = self._open, self._seams
        linked = at.chain.extend(events, seams.clock.now())
        at.session.begin()
        try:
            for record in audit_records(linked, seams.topic, at.slot, seams.codec):
                at.session.produce(record)
            at.session.commit()
        except TransactionError:
            raise
        except VeilError:
            with contextlib.suppress(VeilError):  # readers would wait for its time-out
                at.session.abort()
            raise

    def _begun(self, events: Sequence[Event]) -> tuple[_Open, Sequence[Event]]:
        """A fresh slot, and the events with its beginning before them."""
        seams = self._seams
        slot = Slot(f"{seams.identity.slots}{secrets.token_hex(8)}", 1, seams.identity.name, seams.identity.place)
        chain = Chain(slot, None, seams.identity.signer, seams.sign)
        spec = SessionSpec(slot.name, seams.identity.group, (), Ownership.WHOLE, TRANSACTION_TIMEOUT_MS)
        return _Open(seams.log.open(spec), chain, slot.name), [chain.started({}), *events]

    def _discard(self) -> None:
        if self._open is not None:
            with contextlib.suppress(VeilError):
                self._open.session.abort()
            self._open.session.close()
            self._open = None

    def _leave(self) -> None:
        if self._open is not None:
            with contextlib.suppress(VeilError):
                self._write([Event(EventType.PROCESS_STOPPED, slot_resource(self._open.slot))])
            self._discard()


def _settle(waiting: Sequence[Waiting], error: VeilError | None) -> None:
    for _, done in waiting:
        with contextlib.suppress(InvalidStateError):  # whoever asked may have given up
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)
