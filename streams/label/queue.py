"""The queue of a project's open tasks: who gets which task, and what becomes of it. Pure: times are arguments.

Promises (tests/streams/label/test_queue_properties.py, test_interleavings.py):
1. Nobody gets a task again that they labeled, skipped or reported. Whoever let a lease expire or released it has
   answered nothing and may get it again, at most `max_returns` times: within `rest_ms` after everything unseen.
2. Labels, open leases and reservations of a task are never more than its overlap and the extras granted by decide.
3. One lease a person. Asking again returns it; its fencing token is higher than every earlier one of the task.
4. A call with a stale token, after the end of its lease or by someone else changes nothing.
5. Once an adjudicator is ordered, the task goes to nobody else; an adjudicator gets only such tasks.
6. An answer that was accepted is accepted again, word for word, until its receipt ends; never another one. Of a
   report its marks are words, too.
7. Everything is in the two stores: a queue made of their copies goes on as this one would.
8. Nobody gets a task that asks for a skill they have not, of a batch that is paused or that they did not ask for,
   or that they are excluded from; an open lease of theirs ends when they are.
9. Of the tasks that a person may take, those that they gave back lately last, they get the most urgent, of equals
   the oldest; waiting makes urgent (`availability.py`).
10. One reservation a person, beside their lease. It says nothing to them, becomes a lease only when they ask, ends
    with their lease unless that ends with an answer, and gives way to whoever else would get nothing.
11. Hints are counted with the task (`hints.py`), and for an hour after its end, so that a restart forgets none.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from schemas.errors import Reason, Refused
from schemas.records import Order, Task, WorkOrder
from schemas.states import HintState, LeaseEnding, LeaseState, TaskWork, TurnState, WorkStatus
from streams.label import work as works
from streams.label.askers import Asker, People
from streams.label.availability import Availability
from streams.label.commands import USUAL, Counts, Ended, Held, Leased, Terms
from streams.label.hints import HintTimes, asked, asked_of
from streams.label.settings import QueueSettings
from topology.policies.hints import Hints

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
    """What a receipt remembers: SHA-256 of the caller's key, and of what two calls share, beside lease and reason,
    to be the same.
    """

    key: bytes = b""
    body: bytes = b""


NO_DIGESTS = Digests()
EVERYBODY = People()
"""Of a project without adjudicators, skills, exclusions."""


class Queue:
    """One project's queue. Not thread-safe. Call `expire(now)` before the calls of the same moment."""

    def __init__(
        self,
        tasks: Store[Task],
        work: Store[TaskWork],
        settings: QueueSettings,
        people: People = EVERYBODY,
    ) -> None:
        self._tasks = tasks
        self._work = work
        self._settings = settings
        self._people = people
        self._holds: dict[str, tuple[str, int]] = {}
        self._reserves: dict[str, tuple[str, int]] = {}
        self._receipts: dict[tuple[str, bytes], tuple[str, int]] = {}
        self._expiries: list[tuple[int, str, int]] = []
        self._purges: list[tuple[int, str]] = []
        self._rests: list[tuple[int, str, str]] = []
        self._now = 0
        self._present: dict[str, int] = {}
        self._bytes = sum(len(task.sealed) for _, task in tasks.items())
        self.changes = 0
        """Rises with whatever may let somebody get a task."""
        self._next_order = 1 + max((state.order for _, state in work.items()), default=0)
        self._index()

    def _index(self) -> None:
        """Build every index from the stores."""
        self._expiries, self._purges = [], []
        self._asked_for: Counter[tuple[tuple[str, ...], bool]] = Counter()
        for task_id, state in self._work.items():
            self._index_leases(state)
            self._ask(task_id, adjudicate=state.adjudicate)
            if state.status is not WorkStatus.OPEN:
                self._purges.append((state.ended_at + self._settings.receipt_ms, task_id))
        heapq.heapify(self._expiries)
        heapq.heapify(self._purges)
        self._hint_times = HintTimes(hint for _, state in self._work.items() for hint in state.hints)
        self._rebuild()

    def _index_leases(self, state: TaskWork) -> None:
        for lease in state.leases:
            mine = self._reserves if lease.reserved else self._holds
            mine[lease.person] = (state.task_id, lease.token)
            self._expiries.append((lease.expires_at, state.task_id, lease.token))
        for turn in state.turns:
            if turn.key_digest:
                self._receipts[turn.person, turn.key_digest] = (state.task_id, turn.token)
            self._rest(state.task_id, turn)

    def _rebuild(self) -> None:
        pairs = ((state, self._tasks.get(task_id)) for task_id, state in self._work.items())
        rows = [(state, works.row(state, task, self._settings, self._now)) for state, task in pairs if task]
        rows.sort(key=lambda pair: (pair[0].added_at, pair[0].order))
        self._available = Availability((row for _, row in rows), self._settings.ageing_ms)

    # -- what arrives on topics

    def add(self, task: Task, released_at: int) -> None:
        """A new task, which lies on `tasks` since `released_at`.

        Raises Refused (`duplicate`) for one the queue knows.
        """
        if task.task_id in self._work:
            raise Refused(Reason.DUPLICATE, "the task is in the queue already")
        self._tasks.put(task.task_id, task)
        self._bytes += len(task.sealed)
        self._save(works.fresh(task.task_id, self._next_order, released_at))
        self._ask(task.task_id, adjudicate=False)
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
        self._ask(order.task_id, adjudicate=state.adjudicate, by=-1)
        self._ask(order.task_id, adjudicate=adjudicate)
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
            (self._reserves if lease.reserved else self._holds).pop(lease.person, None)
        self._ask(task_id, adjudicate=state.adjudicate, by=-1)
        self._tasks.remove(task_id)
        self._bytes -= len(task.sealed)
        self._available.drop(task_id)
        self._work.put(task_id, works.ended(state, status, now))
        for lease in state.leases:
            if not lease.reserved:
                self._unreserve(lease.person)
        heapq.heappush(self._purges, (now + self._settings.receipt_ms, task_id))
        return task

    # -- what people ask

    def lease(self, person: str, now: int, terms: Terms = USUAL, *, new: bool = True) -> Leased | None:
        """The lease that `person` holds. Or, if `new`: of what is reserved for them, or else of the next task that
        they may take. Or None.
        """
        self._present[person] = now
        asker, again = self._people.asker(person, terms.batch), person in self._holds
        if not again and not (new and self._take(asker, now + self._lease_ms(page=terms.page), now)):
            return None
        if new and terms.reserve and person not in self._reserves:
            self._reserve(asker, now)
        return replace(self._open_lease(*self._holds[person]), again=again, follows=person in self._reserves)

    def could_lease(self, person: str, batch: str = "") -> bool:
        """Whether `lease` would give them a task now; nothing changes by it."""
        asker = self._people.asker(person, batch)
        return self._available.could_take(asker) or self._yielding(asker) is not None

    def heartbeat(self, claim: Held, now: int, *, page: bool = False) -> Leased:
        """Extend a lease, and what is reserved beside it, from now. Raises Refused as `works.held` does."""
        state, lease = self._held(claim, now)
        until = now + self._lease_ms(page=page)
        state, lease = works.renewed(state, lease, until, self._settings)
        self._put(state, lease)
        if claim.person in self._reserves:
            reserved, kept = self._lease_of(*self._reserves[claim.person])
            self._put(*works.renewed(reserved, kept, lease.expires_at, self._settings))
        return Leased(works.as_lease(state, lease), self._content(state.task_id), again=True)

    def task_held(self, claim: Held, now: int) -> Task:
        """The task of a lease that is still its holder's. Raises Refused as `works.held` does."""
        state, _ = self._held(claim, now)
        return self._content(state.task_id)

    def ask_hint(self, claim: Held, placeholder: str, hints: Hints, now: int) -> tuple[Leased, bool, int]:
        """The lease under which its holder may be told of the placeholder, whether they had asked before, and of
        how many of the task by now. Raises Refused as `works.held` and `hints.asked` do.
        """
        state, lease = self._held(claim, now)
        told = asked(state, HintState(claim.person, placeholder, now), hints, self._hint_times)
        if told is not state:
            self._work.put(state.task_id, told)
        leased = Leased(works.as_lease(told, lease), self._content(state.task_id), again=True)
        return leased, told is state, len(asked_of(told, claim.person))

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
        if ending is LeaseEnding.RELEASE:
            self._unreserve(claim.person)
        if ending is LeaseEnding.REPORT:
            self.end(state.task_id, WorkStatus.REPORTED, now)
        return replace(works.as_ended(state, turn, replayed=False), task=task)

    def give_back(self, person: str, since: int, reason: str, now: int) -> Ended | None:
        """Release the lease that `person` holds, if it was given by the time `since`; None where there is none.

        What is reserved for them goes back with it.
        """
        held = self._holds.get(person)
        lease = self._open_lease(*held).lease if held else None
        if lease is not None and lease.leased_at > since:
            return None
        self._unreserve(person)
        if lease is None:
            return None
        claim = Held(person, lease.lease_id, lease.fencing_token)
        return self.finish(claim, LeaseEnding.RELEASE, now, reason=reason)

    def exclude(self, now: int) -> list[Leased]:
        """End every lease of a person who is excluded from its task by now, and what was reserved so."""
        over = [pair for pair in self._holds.items() if self._is_excluded(*pair)]
        for person, place in list(self._reserves.items()):
            if self._is_excluded(person, place):
                self._unreserve(person)
        for person, _ in over:
            self._unreserve(person)
        return [self._end_by_us(*place, LeaseEnding.EXCLUSION, now) for _, place in over]

    # -- what time brings

    def expire(self, now: int) -> list[Leased]:
        """End every lease whose time is over. Those leases, the oldest expiry first."""
        self._now = now
        self._end_rests()
        over = []
        while self._expiries and self._expiries[0][0] <= now:
            expires_at, task_id, token = heapq.heappop(self._expiries)
            state = self._work.get(task_id)
            lease = next((one for one in state.leases if one.token == token), None) if state else None
            if lease is None or lease.expires_at != expires_at:
                continue
            if not lease.reserved:
                over.append(self._end_by_us(task_id, token, LeaseEnding.EXPIRY, now))
            self._unreserve(lease.person)
        return over

    def _end_rests(self) -> None:
        while self._rests and self._rests[0][0] <= self._now:
            _, task_id, person = heapq.heappop(self._rests)
            state = self._work.get(task_id)
            turns = (turn for turn in state.turns if turn.person == person) if state else ()
            if not any(works.rest_of(turn, self._settings) > self._now for turn in turns):
                self._available.rested(person, task_id)
                self.changes += 1

    def _rest(self, task_id: str, turn: TurnState) -> None:
        """Take note of when a task that was given back is one like any other for who did."""
        if until := works.rest_of(turn, self._settings):
            heapq.heappush(self._rests, (until, task_id, turn.person))

    def purge(self, now: int) -> None:
        """Forget ended tasks whose receipts are over."""
        while self._purges and self._purges[0][0] <= now:
            _, task_id = heapq.heappop(self._purges)
            state = self._work.get(task_id)
            for turn in state.turns if state else ():
                self._receipts.pop((turn.person, turn.key_digest), None)
            self._work.remove(task_id)
        if self._available.worn:
            self._rebuild()

    # -- how it stands

    def counts(self, now: int) -> Counts:
        """Open tasks by what they wait for. A task with leases and room is both available and leased."""
        parked = self._available.parked(self._present_at(now))
        leased = self._in_use()
        full = sum(not self._available.is_free(task_id) for task_id in leased)
        awaiting = len(self._tasks) - self._available.free - full
        return Counts(self._available.free - parked, len(leased), awaiting, parked)

    def wants_more(self, now: int) -> bool:
        """Whether there is room for more tasks; parked ones don't fill the window, only the memory."""
        limits = self._settings
        fits = len(self._tasks) < limits.open_limit and self._bytes < limits.window_bytes
        if not fits or len(self._tasks) < limits.window:
            return fits
        counts = self.counts(now)
        return counts.available + counts.leased < limits.window

    def batches(self, now: int) -> dict[str, Counts]:
        """The same of each batch that has open tasks; `""` are those of none."""
        in_use, paused = self._in_use(), self._people.paused()
        leased = Counter(self._content(task_id).batch for task_id in in_use)
        full = Counter(self._content(task_id).batch for task_id in in_use if not self._available.is_free(task_id))
        found = self._available.in_batches(self._present_at(now))
        return {
            name: Counts(free - parked, leased[name], all_ - free - full[name], parked, name in paused)
            for name, (all_, free, parked) in sorted(found.items())
        }

    @property
    def room(self) -> int:
        """How many people could get a task now, at most."""
        return self._available.free + len(self._reserves)

    def batch_held(self, person: str) -> str | None:
        """The batch of the task that `person` holds, empty for none of them; None where they hold no task."""
        held = self._holds.get(person)
        return self._content(held[0]).batch if held else None

    def batch_open(self, batch: str) -> bool:
        """Whether tasks of this batch are open: not closed by decide, nor withdrawn."""
        return self._available.is_open(batch)

    def asked_for(self) -> Counter[tuple[tuple[str, ...], bool]]:
        """How many open tasks ask for each set of skills, of annotators (False) or of adjudicators (True)."""
        return +self._asked_for

    def status(self, task_id: str) -> WorkStatus | None:
        """Where a task stands; None for one the queue does not know (any more)."""
        state = self._work.get(task_id)
        return state.status if state else None

    def open_tasks(self) -> list[str]:
        """The ids of all open tasks."""
        return [task_id for task_id, _ in self._tasks.items()]

    def _present_at(self, now: int) -> list[Asker]:
        since = now - self._settings.active_ms
        self._present = {person: at for person, at in self._present.items() if at >= since}
        return [self._people.asker(person) for person in self._present]

    def _in_use(self) -> set[str]:
        return {task_id for task_id, _ in (*self._holds.values(), *self._reserves.values())}

    # -- reservations

    def _take(self, asker: Asker, until: int, now: int) -> bool:
        """Lease what was reserved for them, or else the next task. Whether there was one."""
        place = self._reserves.pop(asker.person, None)
        if place is not None:
            state, lease = self._lease_of(*place)
            if self._available.may_take(asker, state.task_id):
                self._give(*works.opened(state, lease, now, until))
                return True
            self._save(works.without_token(state, lease.token))
        task_id = self._available.next_for(asker) or self._yielded(asker)
        if task_id is None:
            return False
        self._give(*works.with_lease(self._known(task_id), asker.person, now, until))
        return True

    def _give(self, state: TaskWork, lease: LeaseState) -> None:
        self._holds[lease.person] = (state.task_id, lease.token)
        self._watch(state.task_id, lease)
        self._save(state)

    def _reserve(self, asker: Asker, now: int) -> None:
        """Keep the next task for them as long as the lease that they hold."""
        held, lease = self._lease_of(*self._holds[asker.person])
        task_id = self._available.next_for(asker, but=(held.task_id,))
        if task_id is None:
            return
        state, lease = works.with_lease(self._known(task_id), asker.person, now, lease.expires_at, reserved=True)
        self._reserves[asker.person] = (task_id, lease.token)
        self._watch(task_id, lease)
        self._save(state)

    def _unreserve(self, person: str) -> None:
        place = self._reserves.pop(person, None)
        if place is not None:
            self._save(works.without_token(self._known(place[0]), place[1]))

    def _yielding(self, asker: Asker) -> str | None:
        """Who reserved a task, the first of all, that this person may take, who would get none otherwise."""
        others = {task_id: person for person, (task_id, _) in self._reserves.items() if person != asker.person}
        task_id = self._available.first_of(asker, others) if others else None
        return others[task_id] if task_id else None

    def _yielded(self, asker: Asker) -> str | None:
        person = self._yielding(asker)
        if person is None:
            return None
        task_id, _ = self._reserves[person]
        self._unreserve(person)
        return task_id

    # -- inside

    def _ask(self, task_id: str, *, adjudicate: bool, by: int = 1) -> None:
        """Count what an open task asks for."""
        task = self._tasks.get(task_id)
        if task is not None and task.skills:
            self._asked_for[task.skills, adjudicate] += by

    def _lease_ms(self, *, page: bool) -> int:
        return self._settings.page_lease_ms if page else self._settings.lease_ms

    def _is_excluded(self, person: str, place: tuple[str, int]) -> bool:
        task = self._content(place[0])
        return self._people.excluded_from(person).covers(task.task_id, task.batch)

    def _end_by_us(self, task_id: str, token: int, ending: LeaseEnding, now: int) -> Leased:
        state, lease = self._lease_of(task_id, token)
        self._end_lease(state, works.turn_from(lease, ending, "", now))
        return Leased(works.as_lease(state, lease), self._content(task_id), again=True)

    def _known(self, task_id: str) -> TaskWork:
        state = self._work.get(task_id)
        if state is None:
            raise Refused(Reason.UNKNOWN_LEASE, "no such lease")
        return state

    def _content(self, task_id: str) -> Task:
        task = self._tasks.get(task_id)
        assert task is not None  # an open lease has its task
        return task

    def _lease_of(self, task_id: str, token: int) -> tuple[TaskWork, LeaseState]:
        state = self._known(task_id)
        return state, next(one for one in state.leases if one.token == token)

    def _open_lease(self, task_id: str, token: int) -> Leased:
        return Leased(works.as_lease(*self._lease_of(task_id, token)), self._content(task_id), again=True)

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
        self._rest(state.task_id, turn)
        self._save(works.without_lease(state, turn))

    def _put(self, state: TaskWork, lease: LeaseState) -> None:
        """A lease was extended: nothing else about the task is."""
        self._watch(state.task_id, lease)
        self._work.put(state.task_id, state)

    def _watch(self, task_id: str, lease: LeaseState) -> None:
        heapq.heappush(self._expiries, (lease.expires_at, task_id, lease.token))

    def _save(self, state: TaskWork) -> None:
        self._work.put(state.task_id, state)
        self._available.update(works.row(state, self._content(state.task_id), self._settings, self._now))
        self.changes += 1
