"""The exactly-once loop: every stage runs in it. Read this one file to know what a crash can do.

One round:

1. **Consume** a micro-batch (bounded by count and age) and whatever people asked meanwhile.
   *Crash after this:* nothing was written; the next incarnation starts from the committed positions.
2. **Process** it in memory, no transaction open, so that slow work can't time one out.
   *Crash:* as after 1; memory is rebuilt from the changelog.
3. **Write to Vault** what must exist before the outputs do (segments).
   *Crash:* the segments are orphans: nothing names them, keeper destroys them, and the same records get new ones.
4. **Begin; produce** outputs, state changelog, audit events; **send the position of every owned partition**,
   touched or not, with fresh group metadata (a sole owner's only once they moved: decisions/0003); **commit**.
   *Crash before the commit:* the broker aborts, at the latest when the next incarnation of the transactional id
   starts; readers see nothing of it. *Crash during the commit:* all of it happened or nothing did; the next
   incarnation reads which from the log. *Crash after:* all of it happened.
5. **Answer** the people who asked; do what may only follow (idempotent, repeated by `restore` where it matters).
   *Crash before an answer:* the caller asks again and is answered from restored state.

What goes wrong without a crash:

- *Abortable*: abort, rewind, rebuild memory, back off.
- *Commit in doubt*: discard the session; re-initialise under the same id; resume from what is committed. Not where
  others stand by (see *Fenced*).
- *Fenced*: another process has taken over: stop, write nothing. (Of two ids by turns the first decides: who is
  fenced on the second alone goes on as after an abort; `turns.py`.) Where others stand by (`presence.py`), a
  process says that it has taken over before it restores, and an idle one makes sure every 5 s that it is owner.
  It opens no session a second time, not even where the first could not be opened: it may have slept through a
  take-over, and would fence whoever has the slot. It ends, and stands by after its next start.
- *A dependency fails* (Vault, registry, broker): nothing is lost; wait with partitions paused, keep polling. Where
  the session is lost by it, go on as after a commit in doubt.
- *Records are gone* before they were read (their retention was over): `record.lost` says which, in the transaction
  that carries the position past them. *Positions are gone*, of a stage that had some: it ends, and says so.
- *`control` not heard for 30 s*: release nothing until it is heard again.

After any of these the stage's memory is thrown away and restored: there is one way back, and it is the way in.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.errors import (
    Abortable,
    CommitInDoubt,
    ConfigError,
    DependencyError,
    Fenced,
    LogUnavailable,
    TransactionError,
    VeilError,
)
from schemas.resources import message_resource, slot_resource
from schemas.states import SlotState
from streams.engine import metrics
from streams.engine.chain import Certify, Chain, audit_records
from streams.engine.clock import Clock
from streams.engine.control_reader import STALE_AFTER_S, ControlReader
from streams.engine.health import Condition, Health
from streams.engine.log import Gap, Log, Session, SessionSpec
from streams.engine.messages import Message, Outgoing
from streams.engine.presence import PROVE_EVERY_S, Presence
from streams.engine.processor import Batch, Plan, Processor, Request, Slot
from streams.engine.requests import RequestSource
from streams.engine.traces.tracing import Tracing, Untraced
from streams.engine.warm import WarmCopy
from vault.interface import Documents

log = structlog.get_logger()

SLOT_PREFIX = "slot/"
BACKOFF_S = (0.05, 5.0)
"""First and longest wait after a setback; it doubles in between. A killed broker is back in 2–4 s."""

HOLDS_FOR_S = 10.0
"""How long a round may rely on what `control` said when it began. Rounds take milliseconds; of text made to be
slow 4 MiB take a minute. With the 30 s for which `control` counts as heard and the 15 s in which a transaction
ends, nothing is released by what was in force a minute before.
"""
WRITTEN_AT_ONCE = 4
"""Documents, which Vault is given side by side: they take half a minute at most, and then fail."""
CATCH_UP_S = 0.01
"""Between two looks at `control` on the way in: 50,000 records/s, and no spinning while a transaction is open."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What one process is, in plain values. Topic names are full (`audit.demo`)."""

    role: str
    project: str
    slot: str
    process: str
    session: SessionSpec
    state_topic: str
    audit_topic: str
    batch_limit: int = 500
    """Redact's segments stay under 256 kB at ~100–400 bytes of mapping a record."""
    poll_s: float = 0.25
    """How long an idle round waits for messages; control is heard in between. 0 where people may ask. A stage
    without inputs waits for `control`, and takes up at once what it says.
    """
    request_wait_s: float = 0.02
    """How long it waits for a request: one wakes the loop at once, so a message waits 20 ms at most."""
    rereads: bool = False
    """Whether reading its inputs once more does nothing twice: it goes on where its positions are forgotten."""
    releases: bool = True
    """Whether what it does has to be allowed by `control` as it is by then. Not so of what destroys, seals or
    revokes: that must go on however long a round takes.
    """
    details: tuple[tuple[str, str], ...] = ()
    """What `process.started` says of this process: versions, bundle."""


class Loop:
    """Drives one processor. `round` is one step, so that the simulator can take it too. Not thread-safe."""

    def __init__(
        self,
        stage: Stage,
        processor: Processor,
        log: Log,
        documents: Documents,
        control: Callable[[], ControlReader],
        codec: Codec,
        clock: Clock,
        certify: Certify,
        requests: RequestSource,
        health: Health,
        presence: Presence | None = None,
        traces: Tracing | None = None,
    ) -> None:
        self._stage = stage
        self._processor = processor
        self._log = log
        self._documents = documents
        self._open_control = control
        self._codec = codec
        self._clock = clock
        self._certify = certify
        self._requests = requests
        self._health = health
        self._presence = presence
        self._traces = traces or Untraced()
        self._opened = False
        self._entered = False
        self._committed_at = 0.0
        self._session: Session | None = None
        self._control: ControlReader | None = None
        self._chain: Chain | None = None
        self._epoch = 0
        self._restored = False
        self._positioned = False
        """Whether a commit of this slot, or of an earlier incarnation, has carried positions."""
        self._heard_at = 0.0
        """When `control` was found fresh by the round that is on."""
        self._limit = stage.batch_limit
        self._backoff = BACKOFF_S[0]
        self._notice = ""
        self._labels = (stage.role, stage.project)

    def run(self, stop: threading.Event) -> None:
        """Rounds until told to stop. Raises Fenced, AccessDenied and whatever is a bug; loses nothing by it."""
        try:
            while not stop.is_set():
                self.round()
            self._say_stopped()
        finally:
            self.close()

    def close(self) -> None:
        """Leave; nothing uncommitted survives."""
        self._health.set(Condition.STOPPED)
        self._discard()
        if self._control is not None:
            self._control.close()
            self._control = None

    def round(self) -> None:
        """One round, or one step of the way back after a setback."""
        taken: list[Request[Any]] = []
        try:
            session = self._ready()
            self._hear(session)
            self._prove(session)
            self._requests.wait(self._stage.request_wait_s)
            taken += self._requests.take(self._limit)
            self._work(session, taken)
            self._backoff = BACKOFF_S[0]
        except (Fenced, CommitInDoubt) as error:
            self._fail(taken, error)
            self._discard()
            if isinstance(error, Fenced):
                raise
            self._wait(error)
        except (Abortable, DependencyError) as error:
            self._fail(taken, error)
            self._step_back()
            self._wait(error)
        except VeilError as error:
            self._fail(taken, error)
            raise

    def _say_stopped(self) -> None:
        """The last event of an orderly stop; where it can't be committed, the next start says as much."""
        if self._session is None or not self._restored:
            return
        left = list(self._presence.leaving()) if self._presence else []
        stopped = Event(EventType.PROCESS_STOPPED, slot_resource(self._stage.slot))
        with contextlib.suppress(VeilError):
            self._commit(self._session, Plan(outputs=left, events=[stopped]))

    # The way in, which is also the way back

    def stand_by(self) -> None:
        """Before the first round, as often as the caller likes: keep up with `control`, which a round would have
        to read first. Raises DependencyError: nothing is lost by it.
        """
        if self._control is None:
            self._control = self._open_control()
        self._control.poll()
        self._control.fresh()

    def _ready(self) -> Session:
        """A session with memory that matches what is committed."""
        if self._session is None:
            self._check_first()
            self._opened = True  # also where it fails: by then it may have fenced somebody
            self._session = self._log.open(self._stage.session)
            self._entered = False
        if not self._entered and not self._session.gaps():  # a commit ends them, and they have to be told in it
            self._enter(self._session)
        if self._control is None:
            self._control = self._open_control()
        if not self._restored:
            self._keep_membership(self._session)
            self._catch_up(self._control)
            self._restore(self._session)
        return self._session

    def _check_first(self) -> None:
        """Where others stand by, whoever has lost the session, or tried to open it in vain, comes back as one of
        them: what has become of the slot meanwhile is on the log, which is not read on the way in. Raises Fenced.
        """
        if self._presence is not None and self._opened:
            raise Fenced(f"{self._stage.slot}: the session is lost, and another process may have the slot by now")

    def _enter(self, session: Session) -> None:
        """Say that the slot is ours, before the long part of the way in: whoever stands by need not come, too."""
        if self._presence is not None:
            self._transact(session, self._presence.entering())
        self._entered = True

    def _catch_up(self, control: ControlReader) -> None:
        """Before anything is decided, `control` is read to its end; the first round acknowledges it."""
        until = self._clock.monotonic() + STALE_AFTER_S
        while not control.fresh():
            control.poll()
            if self._clock.monotonic() >= until:
                raise LogUnavailable(f"the end of control was not reached within {STALE_AFTER_S:.0f} s")
            self._clock.wait(CATCH_UP_S)

    def _restore(self, session: Session) -> None:
        changelog = WarmCopy(self._stage.state_topic)
        for message in self._log.read(self._stage.state_topic):
            changelog.apply(message)
        last = self._slot_state(changelog)
        self._check_remembered(session, last)
        epoch = last.epoch + 1 if last else 1
        slot = Slot(self._stage.slot, epoch, self._stage.process, self._stage.project)
        self._epoch = epoch
        self._chain = Chain(slot, last, self._stage.process, self._certify)
        plan = self._processor.restore(slot, (m for m in changelog.drain() if not _of_slot(m)))
        self._note(plan)
        plan.events.insert(0, self._chain.started(dict(self._stage.details)))
        self._positioned = last is not None and last.positioned
        self._commit(session, plan)
        self._restored = True
        self._health.set(Condition.WORKING)

    def _check_remembered(self, session: Session, last: SlotState | None) -> None:
        """A stage that has committed positions goes on from them or not at all. The broker forgets those of a
        group that was empty for `offsets.retention.minutes`; from the beginning, everything would be done twice.
        """
        has_read = bool(self._stage.session.inputs) and last is not None and last.positioned
        if has_read and not self._stage.rereads and not session.remembered():
            raise ConfigError(
                f"{self._stage.slot} has read before, and the broker knows no position of group "
                f"{self._stage.session.group} any more; set it where reading has to go on (deploy/README.md)"
            )

    def _slot_state(self, changelog: WarmCopy) -> SlotState | None:
        found = changelog.get((SLOT_PREFIX + self._stage.slot).encode())
        return self._codec.decode(found.value, SlotState) if found is not None and found.value else None

    def _step_back(self) -> None:
        """Abort and rewind; where even that fails, discard the session."""
        self._restored = False
        if self._session is None:
            return
        try:
            self._session.abort()
            self._session.hold(frozenset(self._stage.session.inputs))
            self._session.rewind()
        except Fenced:  # discarding and opening again would fence whoever has taken over
            self._discard()
            raise
        except (TransactionError, LogUnavailable):
            self._discard()

    def _discard(self) -> None:
        self._restored = False
        if self._session is not None:
            self._session.close()
            self._session = None

    def _wait(self, error: VeilError) -> None:
        metrics.SETBACKS.labels(*self._labels, type(error).__name__).inc()
        self._health.set(Condition.WAITING, str(error))
        self._clock.wait(self._backoff)
        self._backoff = min(self._backoff * 2, BACKOFF_S[1])

    def _keep_membership(self, session: Session) -> None:
        """Poll with everything held: keeps our place in the group and lets a rebalance finish.

        Without it a member whose positions are of an old generation would abort for ever.
        """
        session.hold(frozenset(self._stage.session.inputs))
        if session.poll(1, self._stage.poll_s):
            session.rewind()  # held topics give nothing; if one did, its position must not be committed unread

    # One round

    def _hear(self, session: Session) -> None:
        """Take up and acknowledge what `control` says; refuse to go on without it."""
        assert self._control is not None
        news = self._control.poll(0.0 if self._stage.session.inputs else self._stage.poll_s)
        if not self._control.fresh():
            raise LogUnavailable("control was not heard for 30 s; nothing is released until it is")
        self._heard_at = self._clock.monotonic()
        if news.events:
            plan = self._processor.control(news.changed)
            self._note(plan)
            plan.events.extend(news.events)
            self._commit(session, plan)
            self._control.acknowledged()

    def _prove(self, session: Session) -> None:
        """An owner that had nothing to commit makes sure that it is not replaced. Raises Fenced where it is."""
        if self._presence is not None and self._clock.monotonic() - self._committed_at >= PROVE_EVERY_S:
            self._transact(session, ())

    def _work(self, session: Session, taken: list[Request[Any]]) -> None:
        session.hold(self._processor.held)
        at_once = taken or not self._stage.session.inputs
        messages = session.poll(self._limit, 0.0 if at_once else self._stage.poll_s)
        started = self._clock.monotonic()
        self._traces.begin(self._epoch, messages)
        plan = self._processor.process(Batch(messages, taken, session.committed(), self._clock.now()))
        self._traces.processed(len(plan.documents))
        self._note(plan)
        if messages or not plan.empty or session.gaps() or session.overdue():
            self._commit(session, plan, holds=self._hear_again)
            took = self._clock.monotonic() - started
            if (messages or taken) and took <= HOLDS_FOR_S / 2:
                self._limit = min(2 * self._limit, self._stage.batch_limit)
            metrics.MESSAGES.labels(*self._labels).inc(len(messages))
            metrics.ROUND_SECONDS.labels(*self._labels).observe(took)
        else:
            self._traces.nothing()
        oldest = min((message.timestamp for message in messages), default=None)
        behind_ms = 0 if oldest is None else max(0, self._clock.now() - oldest)
        metrics.BEHIND.labels(*self._labels).set(behind_ms / 1000)

    def _commit(self, session: Session, plan: Plan, holds: Callable[[], None] = lambda: None) -> None:
        """`holds` raises where what was decided holds no longer; while Vault takes its time it is asked again."""
        assert self._chain is not None
        for first in range(0, len(plan.documents), WRITTEN_AT_ONCE):
            holds()
            self._documents.create_all(plan.documents[first : first + WRITTEN_AT_ONCE])
        holds()
        events = [*plan.events, *(_lost(gap) for gap in session.gaps())]
        self._positioned = self._positioned or bool(session.committed())
        said_at = self._clock.now()  # before they are appended: what is sealed is no older
        outputs = self._traces.marked(plan.outputs, plan.events)
        self._transact(session, [*outputs, *self._audit(self._chain, events)])
        if events:
            metrics.EVENTS.labels(*self._labels).inc(len(events))
            metrics.LAST_EVENT.labels(*self._labels).set(said_at / 1000)
        self._traces.committed()
        for request, result in plan.answers:
            request.answer(result)
        for act in plan.after:
            act()

    def _hear_again(self) -> None:
        """What a long round has decided holds if `control` is as it was. Else it comes again, a message at first
        and twice as many each time while that is quick. Raises LogUnavailable.
        """
        assert self._control is not None
        if not self._stage.releases or self._clock.monotonic() - self._heard_at <= HOLDS_FOR_S:
            return
        if self._control.poll().changed or not self._control.fresh():
            self._limit = 1
            raise LogUnavailable("control has changed, or was not heard, during a long round; it is begun anew")
        self._heard_at = self._clock.monotonic()

    def _transact(self, session: Session, records: Sequence[Outgoing]) -> None:
        session.begin()
        for record in records:
            session.produce(record)
        session.commit()
        self._committed_at = self._clock.monotonic()
        metrics.ROUNDS.labels(*self._labels).inc()
        metrics.OUTPUTS.labels(*self._labels).inc(len(records))

    def _note(self, plan: Plan) -> None:
        """Pass a notice on to health, and to the log when it is another one."""
        if plan.stands is not None:
            metrics.STANDS.labels(*self._labels).set(plan.stands)
        if plan.notice is None or plan.notice == self._notice:
            return
        self._notice = plan.notice
        self._health.note(plan.notice)
        if plan.notice:
            log.warning("notice", notice=plan.notice)
        else:
            log.info("notice_over")

    def _audit(self, chain: Chain, events: Sequence[Event]) -> list[Outgoing]:
        if not events:
            return []
        linked = chain.extend(events, self._clock.now())
        records = audit_records(linked, self._stage.audit_topic, self._stage.slot, self._codec)
        state_key = (SLOT_PREFIX + self._stage.slot).encode()
        state = chain.state(positioned=self._positioned)
        return [*records, Outgoing(self._stage.state_topic, state_key, self._codec.encode(state))]

    def _fail(self, requests: Sequence[Request[Any]], error: VeilError) -> None:
        self._traces.failed(error)
        for request in requests:
            request.answer(error)


def _lost(gap: Gap) -> Event:
    """Named by the first of them; there may be markers and aborted records among them."""
    place = message_resource(gap.place.topic, gap.place.partition, gap.first)
    return Event(EventType.RECORD_LOST, place, outcome="lost", details={"next": str(gap.next)})


def _of_slot(message: Message) -> bool:
    return (message.key or b"").startswith(SLOT_PREFIX.encode())
