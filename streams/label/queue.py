"""The queue of a project's open tasks: who gets which task, and what becomes of it. Pure: times are arguments.

Promises (tests/streams/label/test_queue_properties.py):
1. Nobody gets a task again that they labeled, skipped or reported. Whoever let a lease expire or released it has
   answered nothing and may get it again, after everything unseen, at most `max_returns` times.
2. Labels and open leases of a task are never more than its overlap and the extras granted by decide.
3. One lease a person. Asking again returns it; its fencing token is higher than every earlier one of the task.
4. A call with a stale token, after the end of its lease or by someone else changes nothing.
5. Once an adjudicator is ordered, the task goes to nobody else; an adjudicator gets only such tasks.
6. An answer that was accepted is accepted again, word for word, until its receipt ends; never another one.
7. Everything is in the two stores: a queue made of their copies goes on as this one would.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from schemas.errors import Reason, Refused
from schemas.records import Order, Task, WorkOrder
from schemas.states import LeaseEnding, LeaseState, TaskWork, TurnState, WorkStatus
from streams.label import work as works
from streams.label.availability import Availability, nobody
from streams.label.commands import Counts, Ended, Held, Leased
from streams.label.settings import QueueSettings

T = TypeVar("T")


class Store(Protocol[T]):
    """Where the queue keeps its state: `streams.engine.state.KeyedState`, or anything like a dict."""

    def get(self, key: str) -> T | None: ...
    def put(self, key: str, value: T) -> None: ...
    def remove(self, key: str) -> None: ...
    def items(self) -> Iterator[tuple[str, T]]: ...
    def __len__(self) -> int: ...
    def __contains__(self, key: object) -> bool: ...


@dataclass(frozen=True, slots=True)
class Digests:
    """What a receipt remembers: SHA-256 of the caller's key and of everything the key vouches for."""

    key: bytes = b""
    body: bytes = b""


NO_DIGESTS = Digests()


class Queue:
    """One project's queue. Not thread-safe. Call `expire(now)` before the calls of the same moment.

    `adjudicates` says of a person whether they adjudicate.
    """

    def __init__(
        self,
        tasks: Store[Task],
        work: Store[TaskWork],
        settings: QueueSettings,
        adjudicates: Callable[[str], bool] = nobody,
    ) -> None:
        self._tasks = tasks
        self._work = work
        self._settings = settings
        self._adjudicates = adjudicates
        self._holds: dict[str, tuple[str, int]] = {}
        self._receipts: dict[tuple[str, bytes], tuple[str, int]] = {}
        self._expiries: list[tuple[int, str, int]] = []
        self._purges: list[tuple[int, str]] = []
        self._present: dict[str, int] = {}
        self._bytes = sum(len(task.sealed) for _, task in tasks.items())
        self._next_order = 1 + max((state.order for _, state in work.items()), default=0)
        self._index()

    def _index(self) -> None:
        """Build every index from the stores: at the start, and when the positions have become sparse."""
        self._expiries, self._purges = [], []
        for task_id, state in self._work.items():
            self._index_leases(state)
            if state.status is not WorkStatus.OPEN:
                self._purges.append((state.ended_at + self._settings.receipt_ms, task_id))
        heapq.heapify(self._expiries)
        heapq.heapify(self._purges)
        self._rebuild()

    def _index_leases(self, state: TaskWork) -> None:
        for lease in state.leases:
            self._holds[lease.person] = (state.task_id, lease.token)
            self._expiries.append((lease.expires_at, state.task_id, lease.token))
        for turn in state.turns:
            if turn.key_digest:
                self._receipts[turn.person, turn.key_digest] = (state.task_id, turn.token)

    def _rebuild(self) -> None:
        pairs = ((state, self._tasks.get(task_id)) for task_id, state in self._work.items())
        rows = [(state, works.row(state, task.overlap, self._settings)) for state, task in pairs if task]
        rows.sort(key=lambda pair: pair[0].order)
        self._available = Availability((row for _, row in rows), self._adjudicates)

    # -- what arrives on topics

    def add(self, task: Task) -> None:
        """A new task, younger than all others. Raises Refused (`duplicate`) for one the queue knows."""
        if task.task_id in self._work:
            raise Refused(Reason.DUPLICATE, "the task is in the queue already")
        self._tasks.put(task.task_id, task)
        self._bytes += len(task.sealed)
        self._save(works.fresh(task.task_id, self._next_order))
        self._next_order += 1

    def apply(self, order: WorkOrder, now: int) -> Task | None:
        """Carry out an order of decide. The task where the order closed it.

        Raises Refused: `unknown_task`, `task_closed` (an order other than close after the end).
        """
        state = self._work.get(order.task_id)
        if state is None:
            raise Refused(Reason.UNKNOWN_TASK, "an order for a task that is not in the queue")
        if order.kind is Order.CLOSE:
            return self.end(order.task_id, WorkStatus.CLOSED, now)
        if state.status is not WorkStatus.OPEN:
            raise Refused(Reason.TASK_CLOSED, "an order for a task that has ended")
        adjudicate = state.adjudicate or order.kind is Order.ADJUDICATE
        self._save(replace(state, granted=max(state.granted, order.granted), adjudicate=adjudicate))
        return None

    def end(self, task_id: str, status: WorkStatus, now: int) -> Task | None:
        """Close or withdraw a task: its content is forgotten at once, its receipts stay a while.

        The task, or None where it had ended before or is not known. Leases end with it. A withdrawal overrides
        an earlier end.
        """
        state, task = self._work.get(task_id), self._tasks.get(task_id)
        if state is not None and task is None and status is WorkStatus.WITHDRAWN:
            self._work.put(task_id, replace(state, status=status))
        if state is None or task is None:
            return None
        for lease in state.leases:
            self._holds.pop(lease.person, None)
        self._tasks.remove(task_id)
        self._bytes -= len(task.sealed)
        self._available.drop(task_id)
        self._work.put(task_id, works.ended(state, status, now))
        heapq.heappush(self._purges, (now + self._settings.receipt_ms, task_id))
        return task

    # -- what people ask

    def lease(self, person: str, now: int, *, new: bool = True) -> Leased | None:
        """The lease that `person` holds, or, if `new`, one of the oldest task they may take, or None."""
        self._present[person] = now
        held = self._holds.get(person)
        if held is not None:
            return self._open_lease(*held)
        task_id = self._available.next_for(person) if new else None
        if task_id is None:
            return None
        state, lease = works.with_lease(self._known(task_id), person, now, self._settings.lease_ms)
        self._holds[person] = (task_id, lease.token)
        self._watch(task_id, lease)
        self._save(state)
        return Leased(works.as_lease(state, lease), self._content(task_id), again=False)

    def heartbeat(self, claim: Held, now: int) -> Leased:
        """Extend a lease from now. Raises Refused as `works.held` does."""
        state, lease = self._held(claim, now)
        state, lease = works.renewed(state, lease, now, self._settings)
        self._watch(state.task_id, lease)
        self._work.put(state.task_id, state)
        return Leased(works.as_lease(state, lease), self._content(state.task_id), again=True)

    def finish(
        self,
        claim: Held,
        ending: LeaseEnding,
        now: int,
        *,
        reason: str = "",
        digests: Digests = NO_DIGESTS,
        check: Callable[[Task], None] = lambda _: None,
    ) -> Ended:
        """End a lease by its holder's wish; an identical call is answered alike, without effect.

        `check` may refuse the answer, given the task; the lease then stays open. A report ends the task for
        everyone. Raises Refused.
        """
        replay = self._replay(claim, ending, reason, digests)
        if replay is not None:
            return replay
        state, lease = self._held(claim, now)
        task = self._content(state.task_id)
        check(task)
        turn = works.turn_from(lease, ending, reason, now)
        turn = replace(turn, key_digest=digests.key, body_digest=digests.body)
        self._end_lease(state, turn)
        if ending is LeaseEnding.REPORT:
            self.end(state.task_id, WorkStatus.REPORTED, now)
        return replace(works.as_ended(state, turn, replayed=False), task=task)

    def give_back(self, person: str, since: int, reason: str, now: int) -> Ended | None:
        """Release the lease that `person` holds, if it was given by the time `since`; None where there is none."""
        held = self._holds.get(person)
        lease = self._open_lease(*held).lease if held else None
        if lease is None or lease.leased_at > since:
            return None
        claim = Held(person, lease.lease_id, lease.fencing_token)
        return self.finish(claim, LeaseEnding.RELEASE, now, reason=reason)

    # -- what time brings

    def expire(self, now: int) -> list[Leased]:
        """End every lease whose time is over. Those leases, the oldest expiry first."""
        over = []
        while self._expiries and self._expiries[0][0] <= now:
            expires_at, task_id, token = heapq.heappop(self._expiries)
            state = self._work.get(task_id)
            lease = next((one for one in state.leases if one.token == token), None) if state else None
            if state is not None and lease is not None and lease.expires_at == expires_at:
                over.append(Leased(works.as_lease(state, lease), self._content(task_id), again=True))
                self._end_lease(state, works.turn_from(lease, LeaseEnding.EXPIRY, "", now))
        return over

    def purge(self, now: int) -> None:
        """Forget ended tasks whose receipts are over."""
        while self._purges and self._purges[0][0] <= now:
            _, task_id = heapq.heappop(self._purges)
            state = self._work.get(task_id)
            for turn in state.turns if state else ():
                self._receipts.pop((turn.person, turn.key_digest), None)
            self._work.remove(task_id)
        if self._available.sparse:
            self._rebuild()

    # -- how it stands

    def counts(self, now: int) -> Counts:
        """Open tasks by what they wait for. A task with leases and room is both available and leased."""
        parked = self._available.parked(self._present_at(now))
        leased = {task_id for task_id, _ in self._holds.values()}
        full = sum(not self._available.is_free(task_id) for task_id in leased)
        awaiting = len(self._tasks) - self._available.free - full
        return Counts(self._available.free - parked, len(leased), awaiting, parked)

    def wants_more(self, now: int) -> bool:
        """Whether there is room for more tasks; parked ones don't fill the window, only the memory."""
        counts = self.counts(now)
        workable = counts.available + counts.leased
        limits = self._settings
        fits = len(self._tasks) < limits.open_limit and self._bytes < limits.window_bytes
        return workable < limits.window and fits

    def status(self, task_id: str) -> WorkStatus | None:
        """Where a task stands; None for one the queue does not know (any more)."""
        state = self._work.get(task_id)
        return state.status if state else None

    def open_tasks(self) -> list[str]:
        """The ids of all open tasks."""
        return [task_id for task_id, _ in self._tasks.items()]

    def _present_at(self, now: int) -> list[str]:
        since = now - self._settings.active_ms
        self._present = {person: at for person, at in self._present.items() if at >= since}
        return list(self._present)

    # -- inside

    def _known(self, task_id: str) -> TaskWork:
        state = self._work.get(task_id)
        if state is None:
            raise Refused(Reason.UNKNOWN_LEASE, "no such lease")
        return state

    def _content(self, task_id: str) -> Task:
        task = self._tasks.get(task_id)
        assert task is not None  # an open lease has its task
        return task

    def _open_lease(self, task_id: str, token: int) -> Leased:
        state = self._known(task_id)
        lease = next(one for one in state.leases if one.token == token)
        return Leased(works.as_lease(state, lease), self._content(task_id), again=True)

    def _held(self, claim: Held, now: int) -> tuple[TaskWork, LeaseState]:
        state = self._known(works.split(claim.lease_id)[0])
        return state, works.held(state, claim, now)

    def _replay(self, claim: Held, ending: LeaseEnding, reason: str, digests: Digests) -> Ended | None:
        """The answer to an identical call before. Raises Refused (`idempotency_conflict`) for another body."""
        task_id, token = works.split(claim.lease_id)
        if digests.key:
            known = self._receipts.get((claim.person, digests.key))
            if known is None:
                return None
            task_id, token = known
        state = self._work.get(task_id)
        turn = works.turn_of(state, token) if state else None
        if state is None or turn is None or turn.person != claim.person:
            return None
        same = (turn.ending, turn.reason, turn.body_digest) == (ending, reason, digests.body)
        if same and works.lease_id(task_id, token) == claim.lease_id and token == claim.fencing_token:
            return works.as_ended(state, turn, replayed=True)
        if digests.key:
            raise Refused(Reason.IDEMPOTENCY_CONFLICT, "this Idempotency-Key was used for something else")
        return None

    def _end_lease(self, state: TaskWork, turn: TurnState) -> None:
        self._holds.pop(turn.person, None)
        if turn.key_digest:
            self._receipts[turn.person, turn.key_digest] = (state.task_id, turn.token)
        self._save(works.without_lease(state, turn))

    def _watch(self, task_id: str, lease: LeaseState) -> None:
        heapq.heappush(self._expiries, (lease.expires_at, task_id, lease.token))

    def _save(self, state: TaskWork) -> None:
        self._work.put(state.task_id, state)
        task = self._content(state.task_id)
        self._available.update(works.row(state, task.overlap, self._settings))
