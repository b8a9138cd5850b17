"""What the queue promises, said again as plainly as possible: of every committed call, whether it could be so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from schemas.errors import Reason, Refused
from schemas.records import Order, Task, WorkOrder
from schemas.states import TaskWork
from streams.label.commands import Ended, Heartbeat, Held, Leased, LeaseTask, Release, Report, Skip, Submit
from streams.label.desk import Effects
from streams.label.settings import QueueSettings

_HELD = (Submit, Heartbeat, Skip, Release, Report)


class Broken(AssertionError):
    """A promise was not kept."""


@dataclass(slots=True)
class Open:
    """An open lease, as its holder was told."""

    person: str
    token: int
    leased_at: int
    expires_at: int


@dataclass(slots=True)
class Known:
    """A task and all that was committed about it."""

    task: Task
    added_at: int
    granted: int = 0
    adjudicate: bool = False
    ended: bool = False
    token: int = 0
    labels: int = 0
    leases: dict[str, Open] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    returned: Counter[str] = field(default_factory=Counter)

    @property
    def allowed(self) -> int:
        return max(1, self.task.overlap) + self.granted

    def close(self) -> None:
        self.ended = True
        self.leases.clear()


class Model:
    """Facts in the order they were committed. Raises Broken at the first that can't be."""

    def __init__(self, settings: QueueSettings, adjudicator: str) -> None:
        self._settings = settings
        self._adjudicator = adjudicator
        self._tasks: dict[str, Known] = {}
        self._accepted: dict[tuple[str, bytes], tuple[Submit, int]] = {}
        self._reported: dict[Held, Report] = {}
        self._ground: Any = None

    # -- facts

    def committed(
        self, ground: Any, expired: Iterable[Leased], facts: Iterable[tuple[Any, Any]], effects: Effects
    ) -> None:
        """One round that counts, with all its effects."""
        self._ground = ground
        for leased in expired:
            self._expire(leased)
        for known in self._tasks.values():
            over = [person for person, lease in known.leases.items() if lease.expires_at <= ground.now]
            if over:
                raise Broken(f"leases of {over} are over and were not ended")
        labels = sum(known.labels for known in self._tasks.values())
        for (kind, what), answer in facts:
            {
                "add": self._add, "end": self._end, "order": self._order, "exclude": self._exclude,
                "give back": self._give_back, "call": self._call,
            }[kind](what, answer)  # fmt: skip
        new = sum(known.labels for known in self._tasks.values()) - labels
        written = [label for label in effects.labels if label.outcome.value == "label"]
        if len(written) != new:
            raise Broken(f"{len(written)} labels were written for {new} answers")

    def _add(self, task: Task, answer: object) -> None:
        if not isinstance(answer, Refused):
            self._tasks[task.task_id] = Known(task, self._ground.now)

    def _end(self, task_id: str, _: object) -> None:
        if task_id in self._tasks:
            self._tasks[task_id].close()

    def _order(self, order: WorkOrder, answer: object) -> None:
        known = self._tasks.get(order.task_id)
        if known is None or isinstance(answer, Refused):
            return
        if order.kind is Order.CLOSE:
            known.close()
            return
        known.granted = max(known.granted, order.granted)
        known.adjudicate |= order.kind is Order.ADJUDICATE

    def _exclude(self, _: object, answer: Any) -> None:
        for leased in answer:
            self._leave(leased.lease.task_id, leased.lease.person)
        for known in self._tasks.values():
            for person in known.leases:
                excluded = self._ground.excluded.get(person)
                if excluded and excluded.covers(known.task.task_id, known.task.batch):
                    raise Broken(f"{person} still holds a task that they are excluded from")

    def _give_back(self, person: str, answer: Any) -> None:
        if answer is not None:
            self._leave(answer.task_id, person).returned[person] += 1
        if any(person in known.leases for known in self._tasks.values()):
            raise Broken(f"{person} keeps a lease beyond their session")

    def _expire(self, leased: Leased) -> None:
        lease = leased.lease
        held = self._tasks[lease.task_id].leases.get(lease.person)
        if held is None or held.token != lease.fencing_token or held.expires_at > self._ground.now:
            raise Broken(f"a lease of {lease.person} ended before its time")
        self._leave(lease.task_id, lease.person).returned[lease.person] += 1

    def _leave(self, task_id: str, person: str) -> Known:
        known = self._tasks[task_id]
        if known.leases.pop(person, None) is None:
            raise Broken(f"{person} gave back what they did not hold")
        return known

    # -- calls

    def _call(self, command: Any, answer: Any) -> None:
        if isinstance(command, LeaseTask):
            self._leased(command.person, answer, command.terms.batch)
            return
        assert isinstance(command, _HELD)
        mine = self._held(command.held)
        if isinstance(answer, Refused):
            if mine is not None:
                raise Broken(f"{command.held.person} was refused what they hold: {answer.reason}")
            self._refused(command, answer)
        elif isinstance(answer, Ended) and answer.replayed:
            self._replayed(command, answer)
        elif mine is None:
            raise Broken(f"a stale {type(command).__name__} of {command.held.person} took effect")
        elif isinstance(command, Heartbeat):
            self._renewed(mine[1], answer)
        else:
            self._ended(command, mine[0], answer)

    def _held(self, claim: Held) -> tuple[Known, Open] | None:
        task_id, _, token = claim.lease_id.rpartition("-")
        known = self._tasks.get(task_id)
        lease = known.leases.get(claim.person) if known else None
        if known is None or lease is None:
            return None
        return (known, lease) if lease.token == int(token) == claim.fencing_token else None

    def _leased(self, person: str, leased: Leased | None, batch: str) -> None:
        """A view of a task: a new lease, or the open one again. Who asks for another batch lets go of it, unless
        nobody gets a new one now.
        """
        for known in self._tasks.values():
            if batch and person in known.leases and known.task.batch != batch:
                if self._ground.paused_by:
                    if isinstance(leased, Leased):
                        raise Broken(
                            f"{person} got a task of a project that is paused, of another batch than asked"
                        )
                    return
                del known.leases[person]
                known.returned[person] += 1
        open_ = [known for known in self._tasks.values() if person in known.leases]
        if leased is None or isinstance(leased, Refused):
            if open_:
                raise Broken(f"{person} was not given the lease they hold")
            return
        known = self._tasks[leased.lease.task_id]
        if leased.again:
            lease = known.leases.get(person)
            if lease is None or (lease.token, lease.expires_at) != _words(leased):
                raise Broken(f"{person} was given a lease again that they have not")
            return
        if open_:
            raise Broken(f"{person} has two leases")
        self._check_given(person, known, leased, batch)
        known.token = leased.lease.fencing_token
        known.leases[person] = Open(person, known.token, leased.lease.leased_at, leased.lease.expires_at)

    def _check_given(self, person: str, known: Known, leased: Leased, batch: str) -> None:
        ground, task = self._ground, known.task
        excluded = ground.excluded.get(person)
        faults = {
            "it has ended": known.ended,
            "they have answered": person in known.answered,
            "they gave it back too often": known.returned[person] >= self._settings.max_returns,
            "there is no room": known.labels + len(known.leases) >= known.allowed,
            "the token is not new": leased.lease.fencing_token <= known.token,
            "they lack a skill": not ground.skills[person].issuperset(task.skills),
            "they asked for another batch": bool(batch) and batch != task.batch,
            "its batch is paused": task.batch in ground.paused_batches,
            "the project is paused": bool(ground.paused_by),
            "they are excluded": bool(excluded and excluded.covers(task.task_id, task.batch)),
            "it is (not) an adjudicator's": known.adjudicate != (person == self._adjudicator),
        }
        found = [fault for fault, is_so in faults.items() if is_so]
        if found:
            raise Broken(f"{person} got {task.task_id[-2:]}, though {' and '.join(found)}")

    def _renewed(self, lease: Open, leased: Leased) -> None:
        until = leased.lease.expires_at
        if not lease.expires_at <= until <= lease.leased_at + self._settings.lease_max_ms:
            raise Broken("a heartbeat shortened a lease, or kept it too long")
        lease.expires_at = until

    def _ended(self, command: Any, known: Known, answer: Ended) -> None:
        person = command.held.person
        known.leases.pop(person)
        if isinstance(command, Release):
            known.returned[person] += 1
            return
        if person in known.answered:
            raise Broken(f"{person} answered twice")
        known.answered.add(person)
        if isinstance(command, Submit):
            known.labels += 1
            self._accepted[person, command.key_digest] = (command, answer.ended_at)
        if known.labels > known.allowed:
            raise Broken("more labels than allowed")
        if isinstance(command, Report):
            known.close()
            self._reported[command.held] = command
        self._then(command, answer)

    def _then(self, command: Any, answer: Ended) -> None:
        if command.then is not None:
            self._leased(command.held.person, answer.next, command.then.batch)
        elif answer.next is not None:
            raise Broken("a lease that nobody asked for")

    def _replayed(self, command: Any, answer: Ended) -> None:
        if isinstance(command, Submit):
            first = self._accepted.get((command.held.person, command.key_digest))
            if first is None or first[0].held != command.held or first[1] != answer.ended_at:
                raise Broken("a label was confirmed that nobody gave")
        if isinstance(command, Report) and self._reported[command.held].spans != command.spans:
            raise Broken("a report was confirmed in other words than it was taken in")
        if not isinstance(command, Release):
            self._then(command, answer)

    def _refused(self, command: Any, answer: Refused) -> None:
        first = (
            self._accepted.get((command.held.person, command.key_digest)) if isinstance(command, Submit) else None
        )
        if first is not None and first[0] == command and answer.reason is not Reason.UNKNOWN_LEASE:
            raise Broken("a submit that was accepted is refused when it is repeated")

    # -- the state

    def check(self, work: Any) -> None:
        """The owner's state after a commit says what the facts say."""
        holders: Counter[str] = Counter()
        reserving: Counter[str] = Counter()
        for task_id, state in work.items():
            known = self._tasks[task_id]
            holders.update(lease.person for lease in state.leases if not lease.reserved)
            reserving.update(lease.person for lease in state.leases if lease.reserved)
            told = {lease.person: lease.token for lease in state.leases if not lease.reserved}
            if told != {person: lease.token for person, lease in known.leases.items()}:
                raise Broken(f"{task_id[-2:]} is held by others than were told")
            if known.labels + len(state.leases) > known.allowed:
                raise Broken(f"{task_id[-2:]} has more labels, leases and reservations than allowed")
        if any(count > 1 for count in (*holders.values(), *reserving.values())):
            raise Broken("two leases, or two reservations, of one person")

    # -- who is next

    def expected(self, owner: Any, command: object, ground: Any) -> Callable[[object], None] | None:
        """Checks the answer to a call for a task of somebody who has none: the most urgent first, then the
        oldest; what they gave back lately last.
        """
        if not isinstance(command, LeaseTask) or ground.paused_by:
            return None
        states = dict(owner.work.items())
        person = command.person
        if any(lease.person == person for state in states.values() for lease in state.leases):
            return None
        mine = [
            (state, task)
            for state in states.values()
            if (task := owner.tasks.get(state.task_id))
            and self._may(person, state, task, command.terms.batch, ground)
        ]
        free = [pair for pair in mine if _has_room(*pair)]
        lately = ground.now - self._settings.rest_ms
        other = [
            pair
            for pair in free
            if all(turn.person != person or turn.ended_at <= lately for turn in pair[0].turns)
        ]
        best = min(other or free, key=self._urgency, default=None)
        reserved = [state for state, _ in mine if any(lease.reserved for lease in state.leases)]

        def check(answer: object) -> None:
            got = answer.lease.task_id if isinstance(answer, Leased) else None
            if best is not None and got != best[0].task_id:
                raise Broken(f"{person} did not get the task whose turn it was")
            if best is None and (got is None) == bool(reserved):
                raise Broken(f"{person} got nothing beside what others had only reserved")

        return check

    def _urgency(self, pair: tuple[TaskWork, Task]) -> tuple[int, int]:
        state, task = pair
        return state.added_at - task.priority * self._settings.ageing_ms, state.order

    def _may(self, person: str, state: TaskWork, task: Task, batch: str, ground: Any) -> bool:
        turns = [turn.ending.value for turn in state.turns if turn.person == person]
        returns = sum(ending in ("release", "expiry") for ending in turns)
        excluded = ground.excluded.get(person)
        return (
            state.adjudicate == (person == self._adjudicator)
            and not {"label", "skip", "report"} & set(turns)
            and returns < self._settings.max_returns
            and ground.skills[person].issuperset(task.skills)
            and (not batch or batch == task.batch)
            and task.batch not in ground.paused_batches
            and not (excluded and excluded.covers(task.task_id, task.batch))
        )


def _has_room(state: TaskWork, task: Task) -> bool:
    labels = sum(turn.ending.value == "label" for turn in state.turns)
    return labels + len(state.leases) < max(1, task.overlap) + state.granted


def _words(leased: Leased) -> tuple[int, int]:
    return leased.lease.fencing_token, leased.lease.expires_at
