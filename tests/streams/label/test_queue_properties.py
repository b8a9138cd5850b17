"""Random histories of the queue: what it promises holds at each step, and a restored queue goes on alike."""

from __future__ import annotations

import hashlib
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from schemas.codec import Codec, FixedIds
from schemas.errors import Reason, Refused
from schemas.records import FieldShape, Order, Task, WorkOrder
from schemas.states import LeaseEnding, TaskWork, WorkStatus
from streams.engine.messages import Message
from streams.engine.state import KeyedState
from streams.label.askers import People
from streams.label.commands import Ended, Held, Terms
from streams.label.queue import Digests, Queue
from streams.label.settings import QueueSettings

SETTINGS = QueueSettings(lease_ms=100, lease_max_ms=250, receipt_ms=400, max_returns=2, active_ms=200, rest_ms=150)
CODEC = Codec(FixedIds())
PEOPLE = ("ada", "bob", "eve")
ANSWERS = (LeaseEnding.LABEL, LeaseEnding.SKIP, LeaseEnding.REPORT)
people = st.sampled_from(PEOPLE)


def digests(key: str, body: str) -> Digests:
    return Digests(hashlib.sha256(key.encode()).digest(), hashlib.sha256(body.encode()).digest())


class Stores:
    def __init__(self) -> None:
        self.tasks = KeyedState("label-state.demo", Task, CODEC, "task/")
        self.work = KeyedState("label-state.demo", TaskWork, CODEC, "work/")

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        return [(one.key, one.value) for one in (*self.tasks.changes(), *self.work.changes())]


def index_of(queue: Queue) -> dict[str, Any]:
    """Everything the queue derives from its stores, in a form that does not depend on how it came to be."""
    live = {
        (at, task_id, token)
        for at, task_id, token in queue._expiries
        for lease in (queue._work.get(task_id) or TaskWork("", 0, WorkStatus.OPEN, 0, False, 0, (), (), 0)).leases
        if (lease.token, lease.expires_at) == (token, at)
    }
    return {
        "holds": queue._holds,
        "reserves": queue._reserves,
        "receipts": queue._receipts,
        "expiries": live,
        "purges": sorted(queue._purges),
        "next": {person: queue._available.next_for(queue._people.asker(person)) for person in PEOPLE},
        "free": queue._available.free,
        "bytes": queue._bytes,
    }


class QueueHistory(RuleBasedStateMachine):
    @initialize(adjudicators=st.sampled_from(((), ("eve",))))
    def start(self, adjudicators: tuple[str, ...]) -> None:
        self.adjudicates = frozenset(adjudicators).__contains__
        self.people = People(adjudicates=self.adjudicates)
        self.now = 1_000
        self.stores = Stores()
        self.changelog: dict[bytes, bytes | None] = {}
        self.queue = Queue(self.stores.tasks, self.stores.work, SETTINGS, self.people)
        self.known: list[Held] = []
        self.answered: set[tuple[str, str]] = set()
        self.accepted: dict[tuple[str, str], tuple[Held, str, Ended]] = {}
        self.labels: dict[str, int] = {}
        self.allowed: dict[str, int] = {}
        self.tokens: dict[str, int] = {}
        self.ended: set[str] = set()
        self.count = 0

    @rule(overlap=st.integers(0, 3))
    def arrive(self, overlap: int) -> None:
        self.count += 1
        shape = (FieldShape("text", 5),)
        task = Task(f"{self.count:032x}", 1, "b", "p", "s/1/1", overlap, 1, shape, b"x" * self.count)
        self.queue.add(task, self.now)
        self.allowed[task.task_id] = max(1, overlap)

    @rule(ms=st.integers(1, 150))
    def time_passes(self, ms: int) -> None:
        self.now += ms
        self.queue.expire(self.now)
        self.queue.purge(self.now)

    @rule(person=people, reserve=st.booleans())
    def ask(self, person: str, reserve: bool) -> None:
        before = self.queue._holds.get(person)
        leased = self.queue.lease(person, self.now, Terms(reserve=reserve))
        if leased is None:
            return
        lease = leased.lease
        assert leased.again == (before is not None)
        assert (lease.task_id, person) not in self.answered, "handed out after an answer"
        assert lease.task_id not in self.ended
        if not leased.again:
            reserved = self.stores.work.get(lease.task_id).adjudicate
            assert reserved == self.adjudicates(person), "adjudications are for adjudicators, and nothing else is"
            assert lease.fencing_token > self.tokens.get(lease.task_id, 0), "fencing tokens rise"
            self.tokens[lease.task_id] = lease.fencing_token
            self.known.append(Held(person, lease.lease_id, lease.fencing_token))

    def pick(self, data: st.DataObject) -> Held | None:
        return data.draw(st.sampled_from(self.known[-12:])) if self.known else None

    def is_open(self, held: Held) -> bool:
        task_id = held.lease_id.rpartition("-")[0]
        state = self.stores.work.get(task_id)
        return state is not None and any(
            (one.person, one.token, one.reserved) == (held.person, held.fencing_token, False)
            for one in state.leases
        )

    @rule(data=st.data(), key=st.sampled_from("kl"), body=st.sampled_from("xy"))
    def submit(self, data: st.DataObject, key: str, body: str) -> None:
        held = self.pick(data)
        if held is None:
            return
        task_id, was_open = held.lease_id.rpartition("-")[0], self.is_open(held)
        used = self.accepted.get((held.person, key))
        try:
            ended = self.queue.finish(held, LeaseEnding.LABEL, self.now, digests=digests(key, body))
        except Refused as error:
            if error.reason is Reason.IDEMPOTENCY_CONFLICT:
                assert used is not None
                assert used[:2] != (held, body)
            else:
                assert not was_open, "a holder's label was refused"
                assert used is None or used[:2] != (held, body), "a submit was lost"
            return
        if ended.replayed:
            assert used is not None
            assert used[:2] == (held, body)
            assert used[2].ended_at == ended.ended_at
            return
        assert was_open, "a stale submit became a label"
        self.accepted[held.person, key] = (held, body, ended)
        self.answered.add((task_id, held.person))
        self.labels[task_id] = self.labels.get(task_id, 0) + 1

    @rule(data=st.data(), ending=st.sampled_from((LeaseEnding.SKIP, LeaseEnding.RELEASE, LeaseEnding.REPORT)))
    def end(self, data: st.DataObject, ending: LeaseEnding) -> None:
        held = self.pick(data)
        if held is None:
            return
        was_open = self.is_open(held)
        try:
            ended = self.queue.finish(held, ending, self.now, reason="why")
        except Refused:
            assert not was_open
            return
        assert was_open != ended.replayed
        if ending in ANSWERS:
            self.answered.add((ended.task_id, held.person))
        if ending is LeaseEnding.REPORT:
            self.ended.add(ended.task_id)

    @rule(data=st.data(), thief=people, shift=st.sampled_from((-1, 1)))
    def misuse(self, data: st.DataObject, thief: str, shift: int) -> None:
        held = self.pick(data)
        if held is None:
            return
        before = dict(self.stores.work.items())
        wrong = [Held(held.person, held.lease_id, held.fencing_token + shift), Held(held.person, "nonsense", 1)]
        if thief != held.person:
            wrong.append(Held(thief, held.lease_id, held.fencing_token))
        for claim in wrong:
            for call in (self.queue.heartbeat, lambda it, now: self.queue.finish(it, LeaseEnding.SKIP, now)):
                try:
                    call(claim, self.now)
                except Refused:
                    continue
                raise AssertionError("a false claim was accepted")
        assert dict(self.stores.work.items()) == before

    @rule(data=st.data())
    def heartbeat(self, data: st.DataObject) -> None:
        held = self.pick(data)
        if held is None:
            return
        was_open = self.is_open(held)
        try:
            lease = self.queue.heartbeat(held, self.now).lease
        except Refused:
            assert not was_open
            return
        assert was_open
        assert self.now < lease.expires_at <= lease.leased_at + SETTINGS.lease_max_ms

    @rule(data=st.data(), kind=st.sampled_from(Order), granted=st.integers(0, 2))
    def order(self, data: st.DataObject, kind: Order, granted: int) -> None:
        if not self.allowed:
            return
        task_id = data.draw(st.sampled_from(sorted(self.allowed)))
        was_open = task_id in self.stores.tasks
        try:
            self.queue.apply(WorkOrder(task_id, kind, granted), self.now)
        except Refused as error:
            known = error.reason in (Reason.UNKNOWN_TASK, Reason.TASK_CLOSED)
            assert known > was_open
            return
        if kind is Order.CLOSE:
            self.ended.add(task_id)

    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        if self.allowed:
            task_id = data.draw(st.sampled_from(sorted(self.allowed)))
            self.queue.end(task_id, WorkStatus.WITHDRAWN, self.now)
            self.ended.add(task_id)

    @rule()
    def restart(self) -> None:
        """The queue as a new owner finds it; from here on the history goes on with that one."""
        self.changelog |= dict(self.stores.changes())
        stores = Stores()
        for key, value in self.changelog.items():
            message = Message("label-state.demo", 0, 0, key, value)
            assert stores.tasks.apply(message) or stores.work.apply(message)
        restored = Queue(stores.tasks, stores.work, SETTINGS, self.people)
        assert dict(stores.tasks.items()) == dict(self.stores.tasks.items())
        assert dict(stores.work.items()) == dict(self.stores.work.items())
        assert restored.expire(self.now) == []
        assert index_of(restored) == index_of(self.queue)
        self.stores, self.queue = stores, restored
        # Receipts that were purged may be forgotten by the model too.
        self.accepted = {key: one for key, one in self.accepted.items() if one[2].task_id in stores.work}

    @rule()
    def rebuild(self) -> None:
        before = index_of(self.queue)
        self.queue._rebuild()
        assert index_of(self.queue) == before

    @invariant()
    def never_more_labels_than_allowed(self) -> None:
        for task_id, state in self.stores.work.items():
            labels = sum(turn.ending is LeaseEnding.LABEL for turn in state.turns)
            assert labels == self.labels.get(task_id, 0), "no label is lost or made up"
            assert labels + len(state.leases) <= self.allowed[task_id] + state.granted
            holders = [one.person for one in state.leases]
            assert len(holders) == len(set(holders))
            answered = [turn.person for turn in state.turns if turn.ending in ANSWERS]
            assert len(answered) == len(set(answered)), "two answers of one person"

    @invariant()
    def one_lease_a_person(self) -> None:
        for reserved, known in ((False, self.queue._holds), (True, self.queue._reserves)):
            leases = [(state.task_id, one) for _, state in self.stores.work.items() for one in state.leases]
            found = {one.person: (task_id, one.token) for task_id, one in leases if one.reserved == reserved}
            assert found == known
            assert len(found) == sum(one.reserved == reserved for _, one in leases)

    @invariant()
    def purged_receipts_are_gone(self) -> None:
        self.accepted = {key: one for key, one in self.accepted.items() if one[2].task_id in self.stores.work}


QueueHistory.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestQueueHistory = QueueHistory.TestCase
