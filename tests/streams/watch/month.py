"""How often each rule is told of honest people: `python -m tests.streams.watch.month`.

Twelve people label for four weeks of five days, through the same code as watch's. They differ in pace, care and
hours; two work through an app. They lose a lease, come back after hours and are refused, report what they take
for exposed, skip what they can't say. Some hours bring a batch in a language they don't know, some a browser that
loses every third task; some days begin hours late or end with an hour in the evening. On the platform, processes
are stopped and started anew each night, now and then one is killed; somebody leaves who has signed orders, which
all stages refuse from the next start on. Everything is drawn from a seed.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from heapq import merge
from random import Random

from schemas.alerts import Alert
from schemas.audit import AuditEvent, BatchCoverage, Decision, EventType, OffsetOutcome, RawOutcome
from schemas.durations import counted, waited, written
from schemas.resources import lease_resource, message_resource, project_resource, slot_resource, task_resource
from streams.watch.book import Book
from streams.watch.listening import LISTENERS
from streams.watch.rules import Rule
from streams.watch.rules_document import packaged_rules
from streams.watch.windows import Arrival, Windows

MONDAY = 1_767_571_200_000
"""2026-01-05, midnight UTC."""
HOUR, DAY, SECOND, MINUTE = 3_600_000, 86_400_000, 1_000, 60_000
PEOPLE, DAYS = 12, 20
PARTITIONS = {"redact": 0, "label": 1, "decide": 2, "join": 0}
POLICY, BUNDLE = "ab" * 32, "cd" * 32


@dataclass(frozen=True)
class Person:
    name: str
    app: str
    begins: float
    seconds: float
    skips: float
    reports: float
    releases: float
    loses: float = 0.002


def staff(random: Random) -> list[Person]:
    return [
        Person(
            name=f"ann-{number}",
            app="triage-ui" if number < 2 else "",
            begins=random.choice([6.0, 7.0, 7.5, 8.0, 8.0, 9.0]),
            seconds=random.uniform(18, 60),
            skips=random.uniform(0, 0.06),
            reports=random.uniform(0, 0.01),
            releases=random.uniform(0, 0.02),
        )
        for number in range(PEOPLE)
    ]


@dataclass
class Writing:
    """Makes events of a slot; sequence numbers rise, chain and signatures are not watch's business."""

    process: str
    sequences: Counter[str] = field(default_factory=Counter)

    def event(self, kind: EventType, resource: str, time: int, **more) -> AuditEvent:
        self.sequences[self.process] += 1
        known = {
            "outcome": "success",
            "decision": Decision.NONE,
            "person": "",
            "purpose": "annotation",
            "reason": "",
            "bundle": BUNDLE,
            "parents": (),
            "batch": None,
            "certificate": None,
            "details": {},
        }
        slot, sequence = f"{self.process}.0", self.sequences[self.process]
        return AuditEvent(
            slot=slot,
            epoch=1,
            sequence=sequence,
            previous=bytes(32),
            process=self.process,
            time=time,
            type=kind,
            resource=resource,
            **(known | more),
        )


def redacted(writing: Writing, tasks: list[str], first: int, time: int) -> AuditEvent:
    outcomes = [OffsetOutcome(first + at, RawOutcome.TASK, task) for at, task in enumerate(tasks)]
    outcomes.append(OffsetOutcome(first + len(tasks), RawOutcome.QUARANTINED, reason="bad_json"))
    after = first + len(outcomes)
    said = {
        "policy": POLICY,
        "fields": str(2 * len(tasks)),
        "fields_redacted": str(len(tasks)),
        "characters": str(200 * len(tasks)),
        "characters_redacted": str(31 * len(tasks)),
        "waited": written(counted([40] * len(tasks))),
    }
    batch = BatchCoverage("raw.demo", 0, first, after, tuple(outcomes))
    return writing.event(EventType.BATCH_REDACTED, "batch/raw.demo/0", time, batch=batch, details=said)


def day_of(person: Person, day: int, label: Writing, random: Random) -> Iterator[AuditEvent]:
    """One person's day, in order of time."""
    calendar = day // 5 * 7 + day % 5
    late = random.uniform(1, 4) if random.random() < 0.03 else 0
    time = MONDAY + calendar * DAY + int((person.begins + late + random.gauss(0, 0.25)) * HOUR)
    end = time + int((random.gauss(8.5, 0.6) - late) * HOUR)
    lunch = time + int(random.gauss(4, 0.5) * HOUR)
    evening = random.random() < 0.01
    number, hour, now = 0, -1, person
    while time < end or evening:
        if time >= end:
            time, evening = end + int(random.uniform(1, 4) * HOUR), False
            end = time + HOUR
        if time // HOUR != hour:
            hour, now = time // HOUR, mood(person, random)
        if time > lunch:
            time, lunch = time + int(random.uniform(25, 60) * MINUTE), end
        if random.random() < 0.02:
            time += int(random.expovariate(1 / 8) * MINUTE)  # coffee
        task = f"{person.name}-{day}-{number}"
        number += 1
        for event in one_task(now, task, time, label, random):
            yield event
            time = event.time
        time += random.randint(200, 2_000)
    if random.random() < 0.1:  # tries again in the evening
        for _ in range(random.randint(1, 3)):
            time += random.randint(5, 40) * SECOND
            yield label.event(
                EventType.ACCESS_DENIED, project_resource("demo"), time, person=person.name, reason="outside_hours"
            )


def mood(person: Person, random: Random) -> Person:
    """Most hours are as ever."""
    drawn = random.random()
    if drawn < 0.02:
        return replace(person, skips=person.skips + random.uniform(0.1, 0.4))
    if drawn < 0.03:
        return replace(person, loses=0.33)
    return replace(person, seconds=person.seconds * random.uniform(0.6, 1.4))


def one_task(person: Person, task: str, time: int, label: Writing, random: Random) -> Iterator[AuditEvent]:
    client = f"app {person.app}" if person.app else "browser"
    lease = lease_resource(f"{task}-1")
    of = {"person": person.name, "parents": (lease,)}
    yield label.event(EventType.TASK_VIEWED, task_resource(task), time, details={"client": client}, **of)
    habit = Random(task)  # of its own, so that what else a month holds stays as it is
    if not person.app and habit.random() < 0.01:  # by habit, or to look a word up
        tried = {"taking": "copy", "times": str(habit.choice((1, 1, 1, 2, 3)))}
        yield label.event(EventType.COPY_ATTEMPTED, task_resource(task), time + SECOND, details=tried, **of)
    if not person.app and habit.random() < 0.02:
        asked = {"placeholder": "[LOCATION_1]", "again": "false", "client": client}
        yield label.event(EventType.HINT_SHOWN, task_resource(task), time + SECOND, details=asked, **of)
    time += int(SECOND * person.seconds * random.lognormvariate(0, 0.7))
    drawn = random.random()
    if drawn < person.skips:
        yield label.event(EventType.TASK_SKIPPED, task_resource(task), time, **of)
    elif drawn < person.skips + person.reports:
        yield label.event(EventType.TASK_REPORTED, task_resource(task), time, **of)
    elif drawn < person.skips + person.reports + person.releases:
        yield label.event(EventType.TASK_RELEASED, task_resource(task), time, **of)
    elif random.random() < person.loses:
        yield label.event(EventType.LEASE_EXPIRED, lease, time + 2 * MINUTE, **of)
    else:
        if random.random() < 0.003:  # came back to a lease that was over
            yield label.event(EventType.ACCESS_DENIED, lease, time, person=person.name)
            time += SECOND
        of["parents"] = (lease, task_resource(task))
        yield label.event(EventType.LABEL_SUBMITTED, f"label/{task}-1", time, **of)


def after(labels: Iterator[AuditEvent], random: Random) -> Iterator[AuditEvent]:
    """What redact did before, and decide and join afterwards."""
    redact, decide, join = Writing("redact.demo"), Writing("decide.demo"), Writing("join.demo")
    first, redacted_at = 0, dict[str, int]()
    for event in labels:
        if event.type is EventType.TASK_VIEWED:
            task = event.resource.partition("/")[2]
            redacted_at[event.resource] = before = event.time - random.randint(1, 60) * MINUTE
            yield redacted(redact, [task], first, before)
            first += 2
        if event.type is not EventType.LABEL_SUBMITTED:
            yield event
        else:
            task = event.parents[1]
            yield replace(event, details=waited(event.time - redacted_at[task]))
            verdict = f"verdict/{task.partition('/')[2]}"
            agreed = {"agreement": f"{random.uniform(0.6, 1):.4f}"}
            yield decide.event(EventType.VERDICT_REACHED, verdict, event.time + 300, details=agreed)
            parents = (task, verdict)
            yield join.event(
                EventType.LABEL_JOINED,
                "raw/raw.demo/0/1/1",
                event.time + 900,
                parents=parents,
                details=waited(900),
            )


def month(seed: int, days: int = DAYS) -> Iterator[Arrival]:
    """The log of a month, in the order it was appended."""
    random = Random(seed)
    people = staff(random)
    offsets: Counter[int] = Counter()
    label = Writing("label.demo")
    for day in range(days):
        mornings = [list(day_of(person, day, label, random)) for person in people]
        events = sorted(after(merge(*mornings, key=lambda it: it.time), random), key=lambda it: it.time)
        for event in events:
            partition = PARTITIONS[event.process.partition(".")[0]]
            yield Arrival(partition, offsets[partition], event.time + 5, event)
            offsets[partition] += 1


def platform(seed: int, days: int = DAYS) -> Iterator[Arrival]:
    """The platform's audit of a month: its processes, and what they refuse of somebody who has left."""
    random = Random(seed)
    slots = [Writing(process) for process in sorted(LISTENERS)]
    signed = sorted(MONDAY + random.randint(0, days * DAY) for _ in range(40))
    leaves, events = random.randint(days // 2, days - 1), []
    for day in range(days):
        begin, end = MONDAY + day * DAY + 5 * SECOND, MONDAY + (day + 1) * DAY
        killed = random.choice(slots) if random.random() < 0.2 else None
        for slot in slots:
            name = slot_resource(f"{slot.process}.0")
            begun = begin + random.randint(0, 20) * SECOND
            events.append(slot.event(EventType.PROCESS_STARTED, name, begun))
            gone = [at for at, written in enumerate(signed) if day > leaves and written < begun]
            for offset in gone:
                said = {"reason": "signer_not_allowed", "details": {"written": str(signed[offset])}}
                record = message_resource("control", 0, offset)
                events.append(slot.event(EventType.CONTROL_REFUSED, record, begun + SECOND, **said))
            if slot is not killed:
                events.append(slot.event(EventType.PROCESS_STOPPED, name, end))
        if day == leaves:
            signed = [written for written in signed if written < end - MINUTE]
    for offset, event in enumerate(sorted(events, key=lambda it: it.time)):
        yield Arrival(0, offset, event.time + 5, event)


def alerts(arrivals: Iterator[Arrival], rules: tuple[Rule, ...]) -> list[Alert]:
    """As watch tells them, reading along."""
    book, found = Book("demo", rules, Windows()), []
    for number, arrival in enumerate(arrivals):
        book.take(arrival)
        if number % 1_000 == 0:
            for final in book.advance(dict.fromkeys(range(3), arrival.appended)):
                found += final.alerts
    for final in book.advance(dict.fromkeys(range(3), arrival.appended + DAY)):
        found += final.alerts
    return found


def main(months: int = 5) -> None:
    rules = packaged_rules()
    told: Counter[str] = Counter()
    events = 0
    for seed in range(months):
        for arrivals in (list(month(seed)), list(platform(seed))):
            events += len(arrivals)
            told.update(alert.rule for alert in alerts(iter(arrivals), rules))
    sys.stdout.write(f"{months * PEOPLE} person-months, {events:,} events\n\n| rule | false alarms |\n|---|---|\n")
    sys.stdout.writelines(f"| `{rule.name}` | {told[rule.name]} |\n" for rule in rules)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
