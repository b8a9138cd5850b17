"""Random interleavings of people, time, orders, crashes and take-overs before the queue, against a model of its
own.

A history has one log. The owner works in rounds: some calls, then a commit, or a crash before it (nothing
happened) or after it (all of it did, nobody was told); people repeat what was not answered in the same words.
Owners that were replaced go on as zombies, and what they commit counts only where nothing fences them. The model
knows what was committed, call by call, and nothing of how the queue works. A seed decides everything: one line
replays a failure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from schemas.codec import Codec, FixedIds
from schemas.errors import Reason, Refused
from schemas.records import FieldShape, LabelSpan, Order, Task, WorkOrder
from schemas.states import CommentState, Onboarding, SessionState, TaskWork, WorkStatus
from streams.engine.messages import Message
from streams.engine.state import KeyedState
from streams.label.askers import People
from streams.label.commands import (
    SESSION_ENDED,
    Ended,
    Heartbeat,
    Held,
    Leased,
    LeaseTask,
    Release,
    ReleaseReason,
    Report,
    ReportReason,
    Result,
    Skip,
    SkipReason,
    Submit,
    Terms,
)
from streams.label.comment_desk import CommentDesk
from streams.label.comments import Comments
from streams.label.desk import Desk, DeskSeams, Effects
from streams.label.queue import Queue
from streams.label.settings import CommentLimits, QueueSettings, ResultLimits
from streams.web.denials import Denials
from tests.streams.label.reference import Broken, Model
from topology.policies.model import LabelSchema
from topology.switches import FREE, Excluded

SETTINGS = QueueSettings(
    lease_ms=100,
    page_lease_ms=50,
    lease_max_ms=250,
    receipt_ms=10_000,
    max_returns=2,
    active_ms=200,
    ageing_ms=60,
    rest_ms=300,
)
PEOPLE = ("ada", "bob", "eve", "zoe")
ADJUDICATOR = "zoe"
BATCHES = ("", "x", "y")
SKILLS = ("de", "fr")
CODEC = Codec(FixedIds())
SCHEMA = LabelSchema(("NAME",), ())
SHAPE = (FieldShape("text", 5),)
MARKS = (LabelSpan("text", 0, 1, ""),)
TASKS = 8
"""Few, so that people meet."""
STEPS = 30


@dataclass(slots=True)
class Ground:
    """What holds outside the queue: who may what, what is paused."""

    now: int = 1_000
    skills: dict[str, frozenset[str]] = field(default_factory=dict)
    excluded: dict[str, Excluded] = field(default_factory=dict)
    paused_batches: frozenset[str] = frozenset()
    paused_by: str = ""

    def people(self) -> People:
        return People(
            ADJUDICATOR.__eq__,
            lambda person: self.skills.get(person, frozenset()),
            lambda person: self.excluded.get(person, FREE),
            lambda: self.paused_batches,
        )


class Owner:
    """One incarnation: its own memory, restored from the log."""

    def __init__(self, log: dict[bytes, bytes | None], ground: Ground, queue_type: type[Queue]) -> None:
        self.tasks = KeyedState("label-state.demo", Task, CODEC, "task/")
        self.work = KeyedState("label-state.demo", TaskWork, CODEC, "work/")
        for key, value in log.items():
            message = Message("label-state.demo", 0, 0, key, value)
            assert self.tasks.apply(message) or self.work.apply(message)
        self.queue = queue_type(self.tasks, self.work, SETTINGS, ground.people())
        self.desk = Desk(
            self.queue,
            KeyedState("label-state.demo", Onboarding, CODEC, "onboarding/"),
            KeyedState("label-state.demo", SessionState, CODEC, "session/"),
            self._comments(lambda: not ground.paused_by, ground.people()),
            DeskSeams(
                "demo",
                lambda _: SCHEMA,
                paused_by=lambda: ground.paused_by,
                batches=lambda: frozenset(BATCHES),
            ),
            Denials(10),
            Denials(10),
            ResultLimits(),
        )

    def _comments(self, gives: Callable[[], bool], people: People) -> CommentDesk:
        """Nobody comments in these histories."""
        store = KeyedState("label-state.demo", CommentState, CODEC, "comment/")
        return CommentDesk(
            self.queue, self.tasks, Comments(store, CommentLimits()), gives, people, lambda _: False
        )

    def changes(self) -> dict[bytes, bytes | None]:
        return {one.key: one.value for one in (*self.tasks.changes(), *self.work.changes()) if one.key}


@dataclass(slots=True)
class Person:
    """What one of them knows: the lease in hand, the call without an answer yet, leases of the past."""

    name: str
    lease: Leased | None = None
    pending: Any = None
    past: list[Held] = field(default_factory=list)

    def heard(self, answer: object) -> None:
        """The answer to the pending call has come."""
        command, self.pending = self.pending, None
        if isinstance(command, LeaseTask):
            self.take(answer if isinstance(answer, Leased) else None)
        elif isinstance(command, Heartbeat):
            self.lease = None if isinstance(answer, Refused) else self.lease
        else:
            self.take(answer.next if isinstance(answer, Ended) else None)

    def take(self, leased: Leased | None) -> None:
        self.lease = leased
        if leased is not None:
            self.past.append(Held(self.name, leased.lease.lease_id, leased.lease.fencing_token))


class History:
    """One interleaving. `fencing`: what a replaced owner commits is refused."""

    def __init__(self, seed: int, queue_type: type[Queue] = Queue, *, fencing: bool = True) -> None:
        self.random = Random(seed)
        self.fencing = fencing
        self.queue_type = queue_type
        self.ground = Ground()
        self.log: dict[bytes, bytes | None] = {}
        self.people = [Person(name) for name in PEOPLE]
        self.model = Model(SETTINGS, ADJUDICATOR)
        self.owner = Owner(self.log, self.ground, queue_type)
        self.zombies: list[Owner] = []
        self.count = self.keys = 0
        for name in PEOPLE:
            self.ground.skills[name] = frozenset(skill for skill in SKILLS if self.random.random() < 0.7)

    def run(self) -> None:
        """Raises Broken."""
        moves: list[Callable[[], None]] = [
            *[self.calls] * 11, *[self.arrive] * 3, *[self.time] * 3, self.order, self.change, self.take_over,
            self.zombie, self.end_session,
        ]  # fmt: skip
        for _ in range(3):
            self.arrive()
        for _ in range(STEPS):
            self.random.choice(moves)()
        self.check_restored()

    # -- moves

    def arrive(self) -> None:
        if self.count >= TASKS:
            return
        self.count += 1
        random = self.random
        skills = tuple(skill for skill in SKILLS if random.random() < 0.25)
        task = Task(
            f"{self.count:032x}", 1, "b", "p", "s/1/1", random.choice((0, 1, 1, 2)), 1, SHAPE, b"x",
            random.choice((0, 5, 5, 9)), random.choice(BATCHES), skills,
        )  # fmt: skip
        self.round([lambda owner, _: owner.queue.add(task, self.ground.now)], [("add", task)])

    def time(self) -> None:
        self.ground.now += self.random.choice((1, 20, 60, 120))

    def order(self) -> None:
        if not self.count:
            return
        task_id = f"{self.random.randint(1, self.count):032x}"
        if self.random.random() < 0.2:
            end = WorkStatus.WITHDRAWN
            self.round([lambda owner, _: owner.queue.end(task_id, end, self.ground.now)], [("end", task_id)])
            return
        kind = self.random.choice((Order.EXTRA, Order.EXTRA, Order.ADJUDICATE, Order.CLOSE))
        order = WorkOrder(task_id, kind, self.random.randint(0, 2))
        self.round([lambda owner, _: owner.queue.apply(order, self.ground.now)], [("order", order)])

    def change(self) -> None:
        """Rights, pauses and exclusions change; then whoever owns the queue ends the leases this forbids."""
        ground, random, person = self.ground, self.random, self.random.choice(PEOPLE)
        match random.randrange(4):
            case 0:
                ground.skills[person] = frozenset(skill for skill in SKILLS if random.random() < 0.7)
            case 1:
                ground.paused_batches = frozenset(random.sample(("x", "y"), random.randrange(2)))
            case 2:
                ground.paused_by = random.choice(("", "", "olga"))
            case _:
                batches = frozenset(random.sample(("x", "y"), random.randrange(2)))
                tasks = frozenset({f"{random.randint(1, TASKS):032x}"} if random.random() < 0.5 else ())
                ground.excluded[person] = Excluded(batches, tasks)
        self.round([lambda owner, _: owner.queue.exclude(ground.now)], [("exclude", dict(ground.excluded))])

    def end_session(self) -> None:
        """Somebody's session ends: what they hold goes back, whatever they know of it."""
        person, now = self.random.choice(PEOPLE), self.ground.now
        act = lambda owner, _: owner.queue.give_back(person, now, SESSION_ENDED, now)  # noqa: E731
        self.round([act], [("give back", person)])

    def take_over(self) -> None:
        """Another owner begins where the log ends; the old one does not know."""
        self.zombies.append(self.owner)
        self.owner = Owner(self.log, self.ground, self.queue_type)

    def zombie(self) -> None:
        if self.zombies:
            self.calls(self.zombies[-1])

    def calls(self, owner: Owner | None = None) -> None:
        """Some people's calls in one round."""
        asking = [one for one in self.people if self.random.random() < 0.5]
        self.random.shuffle(asking)
        for person in asking:
            person.pending = person.pending or self.choose(person)
        if asking:
            self.serve(owner or self.owner, asking)

    # -- what people ask

    def choose(self, person: Person) -> Any:
        """Mostly what a careful client does; now and then what it must not."""
        random = self.random
        if person.past and random.random() < 0.2:
            return self.stale(person)
        if person.lease is None or random.random() < 0.1:
            return LeaseTask(person.name, self.terms())
        held = Held(person.name, person.lease.lease.lease_id, person.lease.lease.fencing_token)
        return self.end(held)

    def terms(self) -> Terms:
        random = self.random
        return Terms(random.choice(("", "", "x")), random.random() < 0.4, random.random() < 0.3)

    def end(self, held: Held) -> Any:
        self.keys += 1
        random, key = self.random, hashlib.sha256(b"%d" % self.keys).digest()
        then = self.terms() if random.random() < 0.5 else None
        return random.choice(
            (
                *[Submit(held, Result((), {}), key, key, then)] * 5,
                Heartbeat(held, page=random.random() < 0.3),
                Skip(held, SkipReason.UNCLEAR, then),
                Release(held, ReleaseReason.BREAK),
                Report(held, ReportReason.SECRET, random.choice(((), MARKS)), then),
            )
        )

    def stale(self, person: Person) -> Any:
        """A lease of the past, another person's, a token that is off by one (a reservation's, with luck)."""
        held = self.random.choice(self.random.choice(self.people).past or person.past)
        shift = self.random.choice((0, 0, 1, -1))
        task_id, _, token = held.lease_id.rpartition("-")
        claim = self.random.choice(
            (
                replace(held, person=person.name),
                replace(held, person=person.name, fencing_token=held.fencing_token + shift),
                Held(person.name, f"{task_id}-{int(token) + abs(shift)}", int(token) + abs(shift)),
            )
        )
        return self.end(claim)

    # -- rounds

    def serve(self, owner: Owner, asking: list[Person]) -> None:
        commands = [person.pending for person in asking]
        acts = [lambda it, effects, one=one: self.ask(it, one, effects) for one in commands]
        answers = self.round(acts, [("call", one) for one in commands], owner)
        if answers is not None:
            for person, answer in zip(asking, answers, strict=True):
                person.heard(answer)

    def ask(self, owner: Owner, command: object, effects: Effects) -> object:
        expected = self.model.expected(owner, command, self.ground) if owner is self.owner else None
        answer = owner.desk.handle(command, self.ground.now, effects)
        if expected is not None:
            expected(answer)
        return answer

    def round(self, acts: list[Any], facts: list[Any], owner: Owner | None = None) -> list[object] | None:
        """One transaction: the answers if it was committed and somebody was told, else None."""
        owner = owner or self.owner
        effects, answers = Effects(), []
        expired = owner.queue.expire(self.ground.now)
        owner.queue.purge(self.ground.now)
        for act in acts:
            try:
                answers.append(act(owner, effects))
            except Refused as error:
                answers.append(error)
        fate = self.random.random()
        if owner is not self.owner and self.fencing:
            self.zombies.remove(owner)
            return None
        if fate < 0.07:
            self.restart(owner)
            return None
        self.log |= owner.changes()
        self.model.committed(self.ground, expired, zip(facts, answers, strict=True), effects)
        if owner is self.owner:
            self.model.check(owner.work)
        if fate < 0.14:
            self.restart(owner)
            return None
        return answers

    def restart(self, owner: Owner) -> None:
        """It crashes; the next one begins from the log. A zombie that crashes is gone."""
        if owner is self.owner:
            self.owner = Owner(self.log, self.ground, self.queue_type)
        else:
            self.zombies.remove(owner)

    def check_restored(self) -> None:
        """Promise 7: what the log says is what the owner has."""
        restored = Owner(self.log, self.ground, self.queue_type)
        if dict(restored.work.items()) != dict(self.owner.work.items()):
            raise Broken("a restored queue is another one")


def broken(seed: int, queue_type: type[Queue] = Queue, *, fencing: bool = True) -> str | None:
    """Why the history with this seed breaks a promise; None where it keeps them all."""
    try:
        History(seed, queue_type, fencing=fencing).run()
    except Broken as failure:
        return f"seed {seed}: {failure}"
    return None


__all__ = ["Broken", "History", "Reason", "broken"]
