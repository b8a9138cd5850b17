"""One schedule: a seed's worth of moves and faults, then quiet, then the questions that must have good answers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from schemas.audit import AuditEvent, EventType, RawOutcome
from schemas.errors import VeilError
from schemas.gold import LeakTally, PersonScore, RedactionScore
from schemas.hidden import SealedBytes
from schemas.records import (
    Comment,
    JoinedLabel,
    Label,
    LabelOutcome,
    Note,
    Order,
    SegmentIndex,
    Task,
    Verdict,
    WorkOrder,
)
from schemas.resources import comment_resource, raw_reference, raw_resource, task_ids, task_resource
from streams.audit.chain import verify_chains
from streams.audit.reconcile import reconcile
from streams.engine.loop import Loop
from streams.redact.transform.mask import MASK
from tests.simulation.people import Person
from tests.simulation.traces import faults_of
from tests.simulation.world import ADJUDICATOR, LABEL_STATE, PROJECT, TYPED, World
from vault.comments import note_key, open_note
from vault.segments.document import Layer, path_of, unpack
from vault.segments.opening import Geometries, ViewKeys

PEOPLE = ("ann-1", "ann-2", "ann-3", "ann-4", "ann-5", ADJUDICATOR)
RECORDS = 6
MOVES = 60
QUIET_ROUNDS = 400
MOST_ORDERS = 2
_OF_COMMENTS = (EventType.COMMENT_WRITTEN, EventType.COMMENT_REDACTED)
KEEPER_STEPS = 20  # of 40 s: a start's scan may come before its last segments are read, the next is 300 s later


@dataclass(frozen=True, slots=True)
class Verdicted:
    """What a schedule came to."""

    faults: tuple[str, ...]
    events: int


class Broken(AssertionError):
    """An invariant does not hold."""


def run(seed: int, **changes: Any) -> Verdicted:
    """Run a seed. Raises Broken with the seed in its text; also where a process ends of anything but a crash or
    because it was fenced.
    """
    world = World(seed, **changes)
    people = [_person(world, name) for name in PEOPLE]
    watch = Watch(world)
    try:
        _storm(world, people, watch)
        _calm(world, people, watch)
        return check(world, people)
    except Broken as broken:
        raise Broken(f"seed {seed}: {broken}") from None
    except VeilError as error:
        raise Broken(f"seed {seed}: a process ended: {type(error).__name__}: {error}") from None


def _person(world: World, name: str) -> Person:
    return Person(name, world.random, drafting=world.draft, leads=name in world.rules.adjudicators)


class Watch:
    """What must hold at every moment, looked at after every move: a visible task has its segment in Vault."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._seen: set[tuple[int, int]] = set()
        """Where the tasks lie that were looked at: a committed record never changes."""

    def look(self) -> None:
        for message in self._world.broker.committed(f"tasks.{PROJECT}"):
            if message.value is None or (message.partition, message.offset) in self._seen:
                continue
            self._seen.add((message.partition, message.offset))
            task = self._world.codec.decode(message.value, Task)
            for layer in Layer:
                if (PROJECT, path_of(layer, task.segment_id)) not in self._world.store.documents:
                    raise Broken(f"task {task.task_id} is visible before its segment {task.segment_id} exists")


def _storm(world: World, people: list[Person], watch: Watch) -> None:
    random = world.random
    world.faults.on = False
    world.sign_policy("ada")
    world.sign_policy("grace")
    for _ in range(RECORDS // 2):
        world.publish()
    world.faults.on = True
    for _ in range(MOVES):
        seat = random.choice(world.seats)
        if random.random() < 0.3:
            world.keep_warm()
        move = random.random()
        if move < 0.70:
            world.step(seat)
        elif move < 0.80:
            random.choice(people).ask(world.waiting.requests)
        elif move < 0.86:
            _bring(world, move)
        elif move < 0.88:
            world.replace(seat)
        elif move < 0.92:
            world.disturb(seat)
        elif move < 0.97 and seat.zombies:
            world.step_zombie(seat)
        else:
            world.clock.wait(random.choice((0.01, 1.0, 40.0)))
        watch.look()


def _bring(world: World, move: float) -> None:
    """A record, an order to redact all once more, or to release one from quarantine, or a new version of a key."""
    world.faults.on = False
    if move >= 0.85:
        world.rotate()
    if move < 0.84:
        world.release()
    if move < 0.84 and len(world.published) < RECORDS:
        world.publish()
    elif 0.84 <= move < 0.85 and world.orders < MOST_ORDERS:
        world.order_again()
    world.faults.on = True


def _calm(world: World, people: list[Person], watch: Watch) -> None:
    """No more faults: what was begun must come to its end."""
    world.faults.on = False
    for number in range(QUIET_ROUNDS):
        for person in people:
            if person.pending is not None or person.idle < 3:
                person.ask(world.waiting.requests)
        before = _size(world)
        for seat in world.seats:
            world.step(seat)
            for _ in range(len(seat.zombies)):
                world.step_zombie(seat)
        watch.look()
        world.clock.wait(0.2)
        resting = all(person.idle >= 3 and person.pending is None for person in people)
        if resting and number > 5 and _size(world) == before:
            return
        if _size(world) != before:
            for person in people:  # what is new may be for somebody who has given up
                person.idle = min(person.idle, 2)
    raise Broken("it does not come to rest")


def _size(world: World) -> int:
    """What was written and what was read: who reads what it needs not writes nothing, and is not at rest yet."""
    read = sum(sum(group.committed.values()) for group in world.broker.groups.values())
    return read + sum(len(entries) for entries in world.broker.partitions.values())


def check(world: World, people: list[Person]) -> Verdicted:
    """The invariants of DESIGN §2 that a schedule can break: 2, 3, 4 and 8, and orphans of §6."""
    codec, broker = world.codec, world.broker

    def records(kind: str, record_type: type[Any]) -> list[Any]:
        return [codec.decode(m.value, record_type) for m in broker.committed(f"{kind}.{PROJECT}") if m.value]

    events = records("audit", AuditEvent)
    tasks, labels = records("tasks", Task), records("labels", Label)
    verdicts, joined = records("verdicts", Verdict), records("joined", JoinedLabel)
    _check_raw(world, events, tasks)
    _unique("task", [task.task_id for task in tasks])
    _unique("label of a person", [f"{label.task_id} by {label.person}" for label in labels])
    _unique("verdict", [verdict.task_id for verdict in verdicts])
    _unique("joined label", [label.task_id for label in joined])
    redactions = _of_redactor(world)
    gone = _superseded(world, tasks)
    _check_superseded(events, tasks, gone)
    ended = {j.task_id for j in joined} | {score.task_id for score in redactions}
    if not ended <= {v.task_id for v in verdicts} <= ended | gone:
        raise Broken("a verdict was neither joined nor scored")
    _check_gold(world, joined, verdicts, redactions, events)
    _check_adjudications(world, labels, verdicts, records("work", WorkOrder))
    _check_snapshots(verdicts, len(_of_people(world)))
    _check_views(people, events)
    _check_submits(people, labels)
    _check_sessions(world, people)
    _check_comments(people, events, records("comments", Comment), records("notes", Note))
    _check_notes(world, tasks, records("notes", Note))
    _check_leaks(world)
    _check_orphans(world)
    _check_opens(world)
    if faults := faults_of(world.told, lambda kind: broker.committed(f"{kind}.{PROJECT}")):
        raise Broken(f"traces: {faults[:3]}")
    broken = verify_chains(events, world.topology.pins.keys)
    if broken:
        raise Broken(f"chains: {broken[:3]}")
    result = reconcile(events, PROJECT)
    if not result.holds:
        raise Broken(f"reconcile: {result.findings[:3]}")
    return Verdicted((), len(events))


def _check_raw(world: World, events: list[AuditEvent], tasks: list[Task]) -> None:
    """Each revision has one outcome: the first, one for each order whose range has the record, and one for each
    release that was copied; each release is carried out or told to be missed.
    """
    outcomes: Counter[tuple[int, int, int]] = Counter()
    ranges: list[tuple[int, int, int]] = []
    ids = []
    for event in events:
        if event.type is EventType.BATCH_REDACTED and event.batch is not None:
            for outcome in event.batch.outcomes:
                outcomes[event.batch.partition, outcome.offset, outcome.revision] += 1
                if outcome.outcome is RawOutcome.TASK:
                    ids.append(outcome.task_id)
        if event.type is EventType.REREDACTION_BEGUN:
            ranges += [_range(text) for text in event.details["ranges"].split()]
    back = _check_released(world, events)
    due: Counter[tuple[int, int, int]] = Counter()
    for m in world.broker.committed(f"raw.{PROJECT}"):
        again = sum(partition == m.partition and first <= m.offset < end for partition, first, end in ranges)
        again += back[m.partition, m.offset]
        due.update((m.partition, m.offset, revision) for revision in range(1, 2 + again))
    outcomes = Counter({place: times for place, times in outcomes.items() if place in due or place[2] > 1})
    if outcomes != due:
        raise Broken(f"revisions without exactly one outcome: {sorted((outcomes - due) + (due - outcomes))}")
    begun = sum(event.type is EventType.REREDACTION_BEGUN for event in events)
    ended = sum(event.type is EventType.REREDACTION_ENDED for event in events)
    if not begun == ended == world.orders:
        raise Broken(f"{world.orders} orders to redact again, {begun} begun, {ended} ended")
    if sorted(ids) != sorted(task.task_id for task in tasks):
        raise Broken("the tasks are not those the audit says")


def _check_released(world: World, events: list[AuditEvent]) -> Counter[tuple[int, int]]:
    """How often each record has come back from quarantine."""
    copied = [raw_reference(e.resource) for e in events if e.type is EventType.RELEASE_COPIED]
    missed = [raw_reference(e.resource) for e in events if e.type is EventType.RELEASE_MISSED]
    told = Counter([*copied, *missed])
    if told != Counter(world.released):
        raise Broken(f"released {sorted(map(str, world.released))}, told {sorted(map(str, told.elements()))}")
    if any(event.reason != "overtaken" for event in events if event.type is EventType.RELEASE_MISSED):
        raise Broken("a record in quarantine was not found there")
    return Counter((raw.partition, raw.offset) for raw in copied)


def _range(text: str) -> tuple[int, int, int]:
    partition, _, offsets = text.partition(":")
    first, _, end = offsets.partition("-")
    return int(partition), int(first), int(end)


def _superseded(world: World, tasks: list[Task]) -> set[str]:
    """Of records that were redacted again: what their tasks were called. Some never were one."""
    tombstones = [m for m in world.broker.committed(f"tasks.{PROJECT}") if m.value is None]
    return {task.supersedes for task in tasks} | {(m.key or b"").decode() for m in tombstones}


def _check_superseded(events: list[AuditEvent], tasks: list[Task], gone: set[str]) -> None:
    """Of a record that was redacted again the earlier task is over, whatever it became."""
    over = {
        task
        for event in events
        if event.type in (EventType.TASK_CLOSED, EventType.TASK_WITHDRAWN)
        for task in task_ids(event)
    }
    left = gone & {task.task_id for task in tasks} - over
    if left:
        raise Broken(f"superseded and still open: {sorted(left)}")


def _of_redactor(world: World) -> list[RedactionScore]:
    messages = world.broker.committed(f"scores.{PROJECT}")
    return [
        world.codec.decode(m.value, RedactionScore) for m in messages if m.key and m.key.startswith(b"redaction/")
    ]


def _of_people(world: World) -> list[PersonScore]:
    messages = world.broker.committed(f"scores.{PROJECT}")
    return [world.codec.decode(m.value, PersonScore) for m in messages if m.key and b"/" not in m.key]


def _check_gold(
    world: World,
    joined: list[JoinedLabel],
    verdicts: list[Verdict],
    redactions: list[RedactionScore],
    events: list[AuditEvent],
) -> None:
    """Gold is never joined, and scored once a verdict: its people, the redactor; keeper has counted each once."""
    if any(replace(label.raw, revision=1) in world.gold for label in joined):
        raise Broken("gold was joined as if it were real")
    _unique("score of a task", [score.task_id for score in redactions])
    scored = {e.parents[0].removeprefix("task/"): e.resource for e in events if e.type is EventType.GOLD_SCORED}
    revisions = range(1, 2 + MOST_ORDERS + len(world.released))
    places = {
        raw_resource(replace(raw, revision=one)): leaks for raw, leaks in world.gold.items() for one in revisions
    }
    if scored.keys() != {score.task_id for score in redactions} or not set(scored.values()) <= places.keys():
        raise Broken("the scores are not those the audit says, or not of gold")
    if any(bool(score.leaked) != places[scored[score.task_id]] for score in redactions):
        raise Broken("a leak was not noticed, or one that is none")
    people = Counter(one.person for v in verdicts if v.task_id in scored for one in v.contributions)
    if people != Counter(score.person for score in _of_people(world)):
        raise Broken("people's scores are not one for each answer on gold")
    kept = [m for m in world.broker.committed(f"keeper-state.{PROJECT}") if m.key and m.key.startswith(b"leak/")]
    counted = world.codec.decode(kept[-1].value, LeakTally) if kept else None
    found = (counted.values, counted.leaked) if counted else (0, 0)
    if found != (sum(score.values for score in redactions), sum(score.leaked for score in redactions)):
        raise Broken("keeper has not counted each leak once")


def _unique(what: str, names: list[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise Broken(f"{what} more than once: {twice}")


def _check_adjudications(
    world: World, labels: list[Label], verdicts: list[Verdict], orders: list[WorkOrder]
) -> None:
    """An adjudicator labels what decide ordered for one, nothing else, and their answer stands."""
    if not world.rules.adjudicators:
        return
    ordered = {order.task_id for order in orders if order.kind is Order.ADJUDICATE}
    settled = {
        label.task_id for label in labels if label.person == ADJUDICATOR and label.outcome is LabelOutcome.LABEL
    }
    if not settled <= ordered:
        raise Broken(f"an adjudicator labeled what was not theirs: {settled - ordered}")
    if not ordered <= {verdict.task_id for verdict in verdicts}:
        raise Broken("an adjudication that was ordered never came to a verdict")
    named = {verdict.task_id for verdict in verdicts if verdict.adjudicator == ADJUDICATOR}
    if named != settled:
        raise Broken(f"adjudications and the verdicts that rest on them differ: {named ^ settled}")


def _check_snapshots(verdicts: list[Verdict], scores: int) -> None:
    """Each verdict makes the snapshot after the one it cites, each score on gold one more: none is lost."""
    cited = [verdict.snapshot for verdict in verdicts if verdict.snapshot]
    _unique("snapshot cited", [str(version) for version in cited])
    learned = sum(bool(verdict.snapshot or verdict.adjudicator) for verdict in verdicts) + scores
    if any(version > learned for version in cited):
        raise Broken(f"snapshots {cited} of {learned} verdicts")


def _check_views(people: list[Person], events: list[AuditEvent]) -> None:
    viewed = {
        (event.person, task)
        for event in events
        if event.type is EventType.TASK_VIEWED
        for task in [event.resource.removeprefix("task/")]
    }
    for person in people:
        for task_id, _lease in person.views:
            if (person.name, task_id) not in viewed:
                raise Broken(f"{person.name} saw {task_id} without an event")


def _check_submits(people: list[Person], labels: list[Label]) -> None:
    there = {(label.person, label.task_id) for label in labels}
    for person in people:
        for task_id in person.submitted:
            if (person.name, task_id) not in there:
                raise Broken(f"the label of {person.name} on {task_id} was confirmed and is lost")


def _check_sessions(world: World, people: list[Person]) -> None:
    """Who has begun a session and not ended it is signed in, and nobody else, whoever has taken over meanwhile."""
    kept = {m.key: m.value for m in world.broker.committed(LABEL_STATE) if m.key and m.key.startswith(b"session/")}
    there = {key.decode().removeprefix("session/") for key, value in kept.items() if value is not None}
    wanted = {person.session for person in people if person.session is not None}
    if there != wanted:
        raise Broken(f"sessions {there} instead of {wanted}")


def _check_comments(
    people: list[Person], events: list[AuditEvent], comments: list[Comment], notes: list[Note]
) -> None:
    """Each comment is there once, with its event, and redacted once, with its event. What was confirmed is among
    them, and nobody was told of any without an event.
    """
    written = Counter(comment_resource(comment.comment_id) for comment in comments)
    noted = Counter(comment_resource(note.comment_id) for note in notes)
    said = [Counter(it.resource for it in events if it.type is kind) for kind in _OF_COMMENTS]
    if any(count > 1 for count in written.values()) or not written == noted == said[0] == said[1]:
        raise Broken(f"comments {written}, redacted {noted}, on the audit {said}")
    viewed = {(event.person, event.resource) for event in events if event.type is EventType.COMMENTS_VIEWED}
    for person in people:
        if lost := [it for it in person.wrote if comment_resource(it) not in written]:
            raise Broken(f"comments of {person.name} were confirmed and are lost: {lost}")
        if unseen := [it for it in person.told if (person.name, task_resource(it)) not in viewed]:
            raise Broken(f"{person.name} was told of the comments on {unseen} without an event")


def _check_notes(world: World, tasks: list[Task], notes: list[Note]) -> None:
    """What is left of each comment, where its task still opens, is what was typed without what may not be read."""
    by_id = {task.task_id: task for task in tasks}
    for note in notes:
        try:
            key = world.task_key(by_id[note.task_id])
        except VeilError:
            continue  # withdrawn since: nothing opens any more
        secret = note_key(key, PROJECT, note.task_id, note.comment_id)
        place = {"project": PROJECT, "task_id": note.task_id, "comment_id": note.comment_id}
        left = open_note(secret, SealedBytes(note.sealed), **place) if note.sealed else note.reason
        if left != TYPED.format(MASK):
            raise Broken(f"of comment {note.comment_id} something else is left: {left}")


def _check_leaks(world: World) -> None:
    values = [e.message.value or b"" for entries in world.broker.partitions.values() for e in entries if e.message]
    values += [blob for versions in world.store.documents.values() for blob in versions.values()]
    for canary in (*world.published, *world.typed):
        if any(canary.encode() in value for value in values):
            raise Broken(f"{canary} is readable")


def _check_opens(world: World) -> None:
    """Whatever keys were rotated, when: what is in Vault opens to who may, with nothing remembered."""
    views, geometries = ViewKeys(world.vault, PROJECT), Geometries(world.vault, PROJECT, topics=world.topics)
    for project, path in list(world.store.documents):
        folder, _, segment = path.partition("/")
        if project == PROJECT and folder == Layer.VIEW:
            for task in unpack(world.vault.read(path).blob).entries:
                views.task_key(segment, task)
                geometries.geometry(segment, task)


def _check_orphans(world: World) -> None:
    named = set()
    for message in world.broker.committed(f"segments.{PROJECT}"):
        if message.key and not message.key.startswith(b"epoch/"):
            if message.value:
                named.add(world.codec.decode(message.value, SegmentIndex).segment_id)
            else:
                named.discard(message.key.decode())
    for seat in world.seats:  # long enough to read what is left, and for the scan after that
        if seat.role == "keeper":
            world.replace(seat)
            seat.zombies.clear()
            for _ in range(KEEPER_STEPS):
                world.step(seat)
                world.clock.wait(40)
    for project, path in list(world.store.documents):
        folder, _, rest = path.partition("/")
        if project == PROJECT and folder in {layer.value for layer in Layer} and rest not in named:
            raise Broken(f"orphan {path} survives")


__all__ = ["Broken", "Loop", "run"]
