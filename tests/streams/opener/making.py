"""An opener with a log and a Vault of the test's own, restarted after every failure as the loop would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from schemas.audit import Event, EventType
from schemas.codec import Codec, FixedIds
from schemas.errors import Reason, Refused, VeilError
from schemas.records import FieldShape, OpenTask, PlaceholderSpan, SegmentEntry, SegmentIndex, Task
from streams.engine.messages import Message
from streams.engine.processor import Batch, Plan, Slot
from streams.opener.processor import OpenerProcessor, Seams

CODEC = Codec(FixedIds())
SLOT = "redact.demo.0"
SLOT_OF_OPENER = Slot("opener.demo.0", 1, "opener.demo", "demo")
OPEN, SEALED, UNKNOWN = "open-policy", "sealed-policy", "policy-to-come"
TEXT = "the kettle of [PERSON_1] leaks"


def segment(sequence: int) -> str:
    return f"{SLOT}/1/{sequence}"


def task(name: str, sequence: int = 1, policy: str = OPEN, **changes: object) -> Task:
    shape = FieldShape("note", len(TEXT), (PlaceholderSpan(14, 24, "PERSON"),))
    fixed = {"task_id": name, "revision": 1, "bundle": "bundle", "policy": policy, "segment_id": segment(sequence)}
    rest = {"overlap": 3, "extra": 2, "fields": (shape,), "sealed": b"sealed " + name.encode(), "batch": "letters"}
    return Task(**{**fixed, **rest, **changes})  # type: ignore[arg-type] - of any field


def index(sequence: int, *tasks: str) -> SegmentIndex:
    entries = tuple(SegmentEntry(name) for name in tasks)
    return SegmentIndex(segment(sequence), SLOT, 1, sequence, "bundle", 0, 10**15, entries)


@dataclass
class Texts:
    """What opens: by task its text, or the error it gives. `asked`: each opener with the segments it read."""

    found: dict[str, str | VeilError] = field(default_factory=dict)
    asked: list[list[str]] = field(default_factory=list)

    def opening(self):
        mine: list[str] = []
        self.asked.append(mine)

        def open_content(it: Task) -> Mapping[str, str]:
            if it.segment_id not in mine:
                mine.append(it.segment_id)
            text = self.found.get(it.task_id, TEXT)
            if isinstance(text, VeilError):
                raise text
            return {"note": text}

        return open_content


@dataclass
class Bench:
    """Commits what is planned: what lies on `open.demo`, the changelog, the events."""

    texts: Texts = field(default_factory=Texts)
    withdrawn: set[str] = field(default_factory=set)
    frozen: list[str] = field(default_factory=list)
    policies: dict[str, bool] = field(default_factory=lambda: {OPEN: True, SEALED: False})
    now: int = 1_000_000
    laid: dict[str, OpenTask] = field(default_factory=dict)
    wrote: list[str] = field(default_factory=list)
    """The key of each record on `open.demo`, tombstones with a minus."""
    events: list[Event] = field(default_factory=list)
    changelog: dict[bytes, bytes | None] = field(default_factory=dict)
    switched_on: bool = True
    offset: int = 0
    indexes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What is left on `segments.demo`: by segment, the tasks of its index."""

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """As after a crash, or anything that the loop discards its memory for."""
        seams = Seams(
            is_open=self.policies.get if self.switched_on else lambda _: False,
            is_withdrawn=self.withdrawn.__contains__,
            frozen_by=lambda: self.frozen,
            opening=self.texts.opening,
            indexes=self.indexes_now,
            now=lambda: self.now,
            switched_on=self.switched_on,
        )
        self.processor = OpenerProcessor("demo", CODEC, seams)
        messages = [Message("opener-state.demo", 0, n, *it) for n, it in enumerate(self.changelog.items())]
        self.commit(self.processor.restore(SLOT_OF_OPENER, messages))

    def indexes_now(self) -> dict[str, SegmentIndex]:
        return {name: index(int(name.rpartition("/")[2]), *tasks) for name, tasks in self.indexes.items()}

    def round(self, *records: object, later_ms: int = 1_000) -> Plan:
        """One call with these records, committed."""
        plan = self.plan(*records, later_ms=later_ms)
        self.commit(plan)
        return plan

    def plan(self, *records: object, later_ms: int = 1_000) -> Plan:
        """One call; what it plans is lost unless it is committed."""
        self.now += later_ms
        return self.processor.process(Batch([self.message(it) for it in records], [], {}, self.now))

    def withdraw(self, *names: str) -> None:
        self.withdrawn |= set(names)
        self.commit(self.processor.control([f"withdraw/demo/{name}/olga" for name in names]))

    def through(self, *tasks: Task) -> None:
        """Announced and opened."""
        self.round(*tasks)
        self.round()

    def message(self, record: object) -> Message:
        self.offset += 1
        match record:
            case Message():
                if record.topic == "segments.demo" and record.value is None and record.key is not None:
                    self.indexes.pop(record.key.decode(), None)
                return record
            case Task():
                tasks = self.indexes.get(record.segment_id, ())
                self.indexes[record.segment_id] = tuple(dict.fromkeys((*tasks, record.task_id)))
                return Message("tasks.demo", 0, self.offset, record.task_id.encode(), CODEC.encode(record))
            case SegmentIndex():
                self.indexes[record.segment_id] = tuple(it.task_id for it in record.entries)
                return Message("segments.demo", 0, self.offset, record.segment_id.encode(), CODEC.encode(record))
        raise AssertionError(record)

    def commit(self, plan: Plan) -> None:
        for it in plan.outputs:
            assert it.key is not None
            if it.topic == "opener-state.demo":
                self.changelog.pop(it.key, None)
                if it.value is not None:
                    self.changelog[it.key] = it.value
                continue
            assert it.topic == "open.demo"
            name = it.key.decode()
            self.wrote.append(name if it.value else f"-{name}")
            self.laid.pop(name, None)
            if it.value is not None:
                self.laid[name] = CODEC.decode(it.value, OpenTask)
        self.events += plan.events
        for act in plan.after:
            act()

    def said(self, kind: EventType, outcome: str = "success") -> list[str]:
        """The tasks that events of a type name, each as often as it is named."""
        found = (it for it in self.events if it.type is kind and it.outcome == outcome)
        return [parent.removeprefix("task/") for it in found for parent in it.parents]


def gone(sequence: int) -> Message:
    """A segment's tombstone."""
    return Message("segments.demo", 0, 10**6 + sequence, segment(sequence).encode(), None)


def nothing_came_of_it(name: str) -> Message:
    """What redact writes where a later revision is quarantined or dropped."""
    return Message("tasks.demo", 0, 10**7, name.encode(), None)


WITHDRAWN = Refused(Reason.WITHDRAWN, "it has been withdrawn")
GONE = Refused(Reason.UNKNOWN_SEGMENT, "it is no longer in Vault")


def ids(found: Sequence[str]) -> list[str]:
    return sorted(found)
