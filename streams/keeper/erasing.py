"""Carries out erasures: finds the tasks that name the subject, orders their withdrawal, says when it is over.

1. The tasks of all segments known, and of each that becomes known later, are looked through. Keeper signs a
   withdrawal of each that names an erased subject, and commits it with the intent to take it out; label, decide
   and join hear it on `control` as any other.
2. Once every redact slot has taken the erasure up (`SlotEpoch.erasures`), Vault's folders are listed and
   `segments.P` is read to its end: orphans go, and indexes that were committed before and not read yet are waited
   for.
3. When all its tasks are out, and no orphan is left, `subject.erased` is said.
   *Crash at any point:* what is known is looked through again after the start. What was ordered is in `waiting`,
   what was taken out is in no index any more, and 2 is done again.

A task that turns up later (a restored topic) begins it anew; then it is said again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.control import ControlKind, WithdrawalReason, control_message, withdrawal_body
from schemas.erasure import erasure_concern
from schemas.records import EPOCH, ControlState, SegmentIndex
from schemas.resources import control_resource, task_resource
from schemas.states import KeptErasure
from streams.engine.messages import Message, Outgoing
from streams.engine.processor import Plan
from streams.engine.state import KeyedState
from streams.keeper.erasures import PATIENCE_MS, is_heard, is_leaving_as_orphan, is_read, naming, went_out
from streams.keeper.holdings import Holdings

PREFIX = "erasure/"
AT_ONCE = 200
"""Orders in one transaction: a fifth of a second of signing in Vault, and 80 kB on `control`."""


@dataclass(frozen=True, slots=True)
class ErasureSeams:
    """What erasing needs from the outside."""

    in_force: Callable[[], Sequence[str]]
    """The subject hashes (hex) of all erasures, in the order in which they came into force."""
    sign: Callable[[bytes], bytes]
    """Ed25519 by `sign-keeper.P` in Vault; may raise VaultUnavailable."""


@dataclass(slots=True)
class _Found:
    """A task that has to go, not ordered yet."""

    segment_id: str
    subjects: set[str]


class Erasing:
    """One project's erasures."""

    def __init__(self, project: str, codec: Codec, seams: ErasureSeams) -> None:
        self._project = project
        self._codec = codec
        self._seams = seams
        self._kept = KeyedState(f"keeper-state.{project}", KeptErasure, codec, PREFIX)
        self._order: tuple[str, ...] = ()
        """The erasures for which all that is known was looked through, since the start."""
        self._hashes: frozenset[bytes] = frozenset()
        self._found: dict[str, _Found] = {}
        self._open: dict[str, None] = {}
        """Those that are not over."""
        self._swept: set[str] = set()
        """Of these the ones for which Vault was listed after every redact had heard of them."""
        self._unread: set[str] = set()
        self._unsettled = 0
        self.wants_sweep = False
        """Whether Vault's folders are to be listed, and `segments.P` read to its end, in the next round."""

    def apply(self, message: Message) -> bool:
        """Take over one changelog record; False where it is another state's."""
        return self._kept.apply(message)

    def changes(self) -> list[Outgoing]:
        """Changes since the last call, as records for the changelog."""
        return self._kept.changes()

    def came(self, index: SegmentIndex) -> None:
        """A segment became known."""
        self._note(index, self._hashes)

    def swept(self, standing: AbstractSet[str], suspects: Iterable[str], holdings: Holdings, now: int) -> None:
        """Vault was listed. `standing`: the keys on `segments.P` at its end after that; `suspects`: documents
        without an index that may yet get one.
        """
        self.wants_sweep = False
        self._unread = {key for key in standing if not _is_known(key, holdings)}
        self._unsettled = len(set(suspects) - standing)
        self._swept |= {subject for subject in self._open if self._is_heard(subject, holdings, now)}

    def look(self, holdings: Holdings, now: int, plan: Plan) -> None:
        """What is to be done and said now, at the end of a round. May raise VaultUnavailable."""
        self._take_up(holdings, now)
        if not (self._open or self._found):
            return
        self._withdraw(holdings, now, plan)
        self._let_go(holdings)
        self._unread = {key for key in self._unread if not _is_known(key, holdings)}
        for subject in list(self._open):
            self._end(subject, holdings, now, plan)

    # 1: look through, order

    def _take_up(self, holdings: Holdings, now: int) -> None:
        in_force = tuple(self._seams.in_force())
        fresh = in_force[len(self._order) :]
        if not fresh:
            return
        hashes = frozenset(map(bytes.fromhex, fresh))
        self._order = in_force
        self._hashes |= hashes
        for subject in fresh:
            kept = self._kept.get(subject) or KeptErasure(subject, now)
            if not kept.done:
                self._put(kept)
                self._open[subject] = None
                self.wants_sweep = True
        for index in [index for _, index in holdings.indexes.items()]:
            self._note(index, hashes)

    def _note(self, index: SegmentIndex, hashes: frozenset[bytes]) -> None:
        for task_id, subjects in naming(index, hashes) if hashes else ():
            found = self._found.setdefault(task_id, _Found(index.segment_id, set()))
            found.subjects |= {one.hex() for one in subjects}

    def _withdraw(self, holdings: Holdings, now: int, plan: Plan) -> None:
        """Signs before it changes anything, so that a Vault that doesn't answer leaves all as it was."""
        due = sorted(task for task, found in self._found.items() if self._is_new(task, found))[:AT_ONCE]
        orders = {task: self._order_of(task, now) for task in due}
        for task, order in orders.items():
            found = self._found[task]
            plan.outputs.append(Outgoing("control", order.key.encode(), self._codec.encode(order)))
            plan.events.append(self._ordered(task, order.key, found))
            holdings.order_known(task, found.segment_id, now)
            for subject in sorted(found.subjects):
                kept = self._kept.get(subject) or KeptErasure(subject, now)
                waiting = tuple(dict.fromkeys((*kept.waiting, task)))
                self._put(replace(kept, waiting=waiting, done=False))
                self._open[subject] = None
        ordered = {*orders}
        self._found = {
            task: it for task, it in self._found.items() if task not in ordered and self._is_new(task, it)
        }

    def _is_new(self, task: str, found: _Found) -> bool:
        """Whether one of the erasures has not ordered it yet, as after a restart it may have."""
        kept = (self._kept.get(subject) for subject in found.subjects)
        return any(it is None or task not in it.waiting for it in kept)

    def _order_of(self, task: str, now: int) -> ControlState:
        signer = f"keeper.{self._project}"
        key = f"{ControlKind.WITHDRAW}/{self._project}/{task}/{signer}"
        body = withdrawal_body(WithdrawalReason.SUBJECT_REQUEST)
        signature = self._seams.sign(control_message(key, now, ControlKind.WITHDRAW, body))
        return ControlState(key, now, ControlKind.WITHDRAW, body, signer, signature, now)

    def _ordered(self, task: str, key: str, found: _Found) -> Event:
        erasures = (control_resource(erasure_concern(self._project, it)) for it in sorted(found.subjects))
        return Event(
            EventType.WITHDRAWAL_ORDERED,
            task_resource(task),
            reason=WithdrawalReason.SUBJECT_REQUEST.value,
            parents=(control_resource(key), *erasures),
        )

    # 2 and 3: over

    def _let_go(self, holdings: Holdings) -> None:
        for subject in self._open:
            kept = self._kept.get(subject)
            if kept is not None and (out := {task for task in kept.waiting if holdings.is_out(task)}):
                self._put(went_out(kept, out))

    def _end(self, subject: str, holdings: Holdings, now: int, plan: Plan) -> None:
        kept = self._kept.get(subject)
        assert kept is not None, "what is open is kept"
        if kept.since > now:  # noted by a clock that was set back
            self._put(kept := replace(kept, since=now))
        if not self._is_heard(subject, holdings, now):
            self._swept.discard(subject)
        elif subject not in self._swept:
            self.wants_sweep = True
        elif self._is_over(kept, holdings, now):
            self._put(replace(kept, done=True))
            del self._open[subject]
            plan.events.append(self._erased(kept))

    def _is_over(self, kept: KeptErasure, holdings: Holdings, now: int) -> bool:
        if kept.waiting or self._found:
            return False
        if self._unread and now - kept.since < PATIENCE_MS:
            return False
        return not any(is_leaving_as_orphan(segment) for _, segment in holdings.segments.items())

    def _is_heard(self, subject: str, holdings: Holdings, now: int) -> bool:
        kept = self._kept.get(subject)
        waited = now - kept.since if kept is not None else 0
        return is_heard(self._order.index(subject) + 1, (slot for _, slot in holdings.slots.items()), waited)

    def _erased(self, kept: KeptErasure) -> Event:
        unsettled = self._unsettled + len(self._unread)
        return Event(
            EventType.SUBJECT_ERASED,
            control_resource(erasure_concern(self._project, kept.subject)),
            details={"tasks": str(kept.tasks), "unsettled": str(unsettled)},
        )

    def _put(self, kept: KeptErasure) -> None:
        if self._kept.get(kept.subject) != kept:
            self._kept.put(kept.subject, kept)


def _is_known(key: str, holdings: Holdings) -> bool:
    """Whether what stands under a key of `segments.P` was read."""
    if key.startswith(EPOCH):
        return key.removeprefix(EPOCH) in holdings.slots
    return is_read(holdings.segments.get(key))
