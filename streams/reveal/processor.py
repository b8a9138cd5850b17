"""The reveal stage: what `control` says of grants in; the sealed values of one task out, once.

1. A request is taken up: the task's values are found, `grant.located` tells approvers where the halves of their
   key lie. Where there are none (any more), it says so, and the grant comes to nothing.
2. A grant that is in force and that its requester wants opened is *revealed*: `value.revealed` commits in one
   transaction with the note that it was. It never is again.
3. Then the sealed entry is handed over, wrapped, to who has requested it.
   *Crash between 2 and 3:* it is handed over after the start, if the grant is still in force; the place is written
   once, so that it is not handed over twice. *Crash in 3:* the same.
4. Denied, revoked or over: what was handed over and not taken is destroyed.

It opens nothing and can't.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.control import ControlKind
from schemas.errors import Reason, RecordAwaited, Refused, Undecodable
from schemas.resources import control_resource, segment_resource, task_resource
from schemas.states import GrantState, GrantStep
from streams.engine.messages import Message
from streams.engine.processor import Batch, Plan, Slot
from streams.engine.state import KeyedState
from streams.reveal.deciding import Act, Due, due
from topology.grants import Grant
from vault.granted import (
    Handing,
    RevealsVault,
    SealedValues,
    halves_of,
    hand_entry,
    sealed_values,
    take_back,
)
from vault.segments.apart import SegmentTopics
from vault.segments.document import Layer, LayerDocument, path_of, unpack


class SegmentOf(Protocol):
    """Where a task's entry is, by `segments.P` as it stands now."""

    def __call__(self, task_id: str) -> str | None:
        """The segment's id; None where the task is in none. Blocks; raises LogUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Seams:
    """What the stage needs from the outside. `grants`: those that are not over at a time, and those it remembers;
    `now`: the time. In milliseconds. `topics`: where entries lie apart from Vault.
    """

    grants: Callable[[int, Collection[str]], Sequence[Grant]]
    segment_of: SegmentOf
    vault: RevealsVault
    now: Callable[[], int]
    topics: SegmentTopics


class RevealProcessor:
    """A project's (`streams.engine.processor.Processor`)."""

    held: frozenset[str] = frozenset()

    def __init__(self, project: str, codec: Codec, seams: Seams) -> None:
        self._project = project
        self._codec = codec
        self._seams = seams
        self._start()

    def _start(self) -> None:
        self._states = KeyedState(f"reveal-state.{self._project}", GrantState, self._codec, "grant/")
        self._handed: set[str] = set()

    def restore(self, slot: Slot, changelog: Iterable[Message]) -> Plan:  # noqa: ARG002 - one slot
        """Take over what was done."""
        self._start()
        for message in changelog:
            self._states.apply(message)
        return Plan()

    def control(self, changed: Sequence[str]) -> Plan:  # noqa: ARG002 - what holds is in the book
        """Do what the news make due, at once: somebody waits for it, or must not get it any more."""
        return self._settle(self._seams.now())

    def process(self, batch: Batch) -> Plan:
        """Also what became due without news: the next thing about a grant, or its time is over."""
        return self._settle(batch.now)

    def _settle(self, now: int) -> Plan:
        plan = Plan(notice="")
        for grant_id in sorted(self._handed):
            self._note(grant_id, GrantStep.HANDED)
        self._handed.clear()
        states = dict(self._states.items())
        for one in list(due(self._seams.grants(now, states.keys()), states, now)):
            self._do(one, plan)
        plan.outputs += self._states.changes()
        return plan

    def _do(self, one: Due, plan: Plan) -> None:
        grant = one.grant
        match one.act:
            case Act.LOCATE:
                self._locate(grant, plan)
            case Act.REVEAL:
                self._reveal(grant, plan)
            case Act.HAND:
                self._hand_later(grant, plan)
            case Act.END:
                self._end(grant, "denied" if grant.denied else "revoked", plan)
                self._note(grant.grant_id, GrantStep.OVER)
            case Act.FORGET:
                if self._known(grant.grant_id).step is GrantStep.OVER:  # its end is said
                    take_back(self._seams.vault, self._handing(grant))
                else:
                    self._end(grant, "expired", plan)
                self._states.remove(grant.grant_id)

    # 1: where

    def _locate(self, grant: Grant, plan: Plan) -> None:
        try:
            segment_id = self._seams.segment_of(grant.request.task_id)
            document = self._document(grant, segment_id or "")
            half_a, half_b = halves_of(document)
        except (Refused, Undecodable) as gone:
            self._put(grant, "", GrantStep.OVER)
            plan.events.append(self._event(EventType.GRANT_LOCATED, grant, "", outcome="failed", why=gone.reason))
            return
        self._put(grant, document.segment_id, GrantStep.LOCATED)
        details = {"half_a": half_a.document, "half_b": half_b.document, "context": half_a.context}
        plan.events.append(self._event(EventType.GRANT_LOCATED, grant, document.segment_id, details))

    def _document(self, grant: Grant, segment_id: str) -> LayerDocument:
        """The values document that holds the task's entry. Raises Refused, Undecodable."""
        found = self._seams.vault.read(path_of(Layer.VALUES, segment_id)) if segment_id else None
        if found is None:
            raise Refused(Reason.UNKNOWN_SEGMENT, f"the values of task {grant.request.task_id} are not in Vault")
        document = unpack(found.blob)
        if (document.project, document.segment_id, document.layer) != (self._project, segment_id, Layer.VALUES):
            raise Undecodable(Reason.UNDECODABLE, f"the document of segment {segment_id} is another one's")
        if grant.request.task_id not in document.entries:
            raise Refused(Reason.WITHDRAWN, f"task {grant.request.task_id} has been withdrawn or erased")
        return document

    # 2 and 3: out

    def _reveal(self, grant: Grant, plan: Plan) -> None:
        if not self._hand_later(grant, plan):
            return
        self._note(grant.grant_id, GrantStep.REVEALED)
        of_a, of_b = (sorted(group) for group in grant.approved)
        details = {"approved_a": " ".join(of_a), "approved_b": " ".join(of_b)}
        segment_id = self._known(grant.grant_id).segment_id
        plan.events.append(self._event(EventType.VALUE_REVEALED, grant, segment_id, details))

    def _hand_later(self, grant: Grant, plan: Plan) -> bool:
        """Hand the entry over when this round is committed. False where it is gone since it was located: the task
        was withdrawn, and the grant is over; or where it is not on its topic yet: it is looked for again in the
        next round, and no other grant waits for it.
        """
        segment_id = self._known(grant.grant_id).segment_id
        try:
            values = sealed_values(self._document(grant, segment_id), grant.request.task_id, self._seams.topics)
        except (Refused, Undecodable) as gone:
            self._end(grant, gone.reason, plan)
            self._note(grant.grant_id, GrantStep.OVER)
            return False
        except RecordAwaited as missing:
            plan.notice = str(missing)
            return False
        plan.after.append(partial(self._hand, grant, values))
        return True

    def _hand(self, grant: Grant, values: SealedValues) -> None:
        """After the commit. May be repeated: the place is written once."""
        now = self._seams.now()
        if grant.in_force(now):
            hand_entry(self._seams.vault, self._handing(grant), values, now)
            self._handed.add(grant.grant_id)

    # 4: over

    def _end(self, grant: Grant, why: str, plan: Plan) -> None:
        """Also what an approver handed over before we heard that it is denied: at the end of its time at last."""
        take_back(self._seams.vault, self._handing(grant))
        segment_id = self._known(grant.grant_id).segment_id
        plan.events.append(self._event(EventType.GRANT_ENDED, grant, segment_id, why=why))

    def _handing(self, grant: Grant) -> Handing:
        return Handing(self._project, grant.grant_id, grant.request)

    # Notes

    def _known(self, grant_id: str) -> GrantState:
        state = self._states.get(grant_id)
        assert state is not None, "what is revealed was located"
        return state

    def _put(self, grant: Grant, segment_id: str, step: GrantStep) -> None:
        self._states.put(grant.grant_id, GrantState(grant.grant_id, segment_id, step))

    def _note(self, grant_id: str, step: GrantStep) -> None:
        self._states.put(grant_id, replace(self._known(grant_id), step=step))

    def _event(
        self,
        type_: EventType,
        grant: Grant,
        segment_id: str,
        details: dict[str, str] | None = None,
        *,
        outcome: str = "success",
        why: str = "",
    ) -> Event:
        request = grant.request
        parents = [control_resource(f"{ControlKind.GRANT}/{self._project}/{grant.grant_id}")]
        parents += [segment_resource(segment_id)] if segment_id else []
        return Event(
            type_,
            task_resource(request.task_id),
            outcome=outcome,
            person=request.requester,
            purpose=request.purpose.value,
            reason=why or request.reason.value,
            parents=tuple(parents),
            details={"grant": grant.grant_id, **(details or {})},
        )
