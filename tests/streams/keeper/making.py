"""A keeper with its Vault and its log, restarted after every crash as the loop would."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from schemas.audit import Event
from schemas.codec import Codec, FixedIds
from schemas.hidden import SealedBytes
from schemas.records import JoinedLabel, RawReference, SegmentEntry, SegmentIndex, SlotEpoch, VerdictStatus
from streams.engine.loop import SLOT_PREFIX
from streams.engine.messages import Message, TopicPartition
from streams.engine.processor import Batch, Plan, Slot
from streams.keeper.erasing import ErasureSeams
from streams.keeper.lateness import Lateness, Offsets
from streams.keeper.leak_watch import LeakSeams
from streams.keeper.leaks import Limit
from streams.keeper.lifetimes import Lifetimes
from streams.keeper.processor import KeeperProcessor, KeeperSettings
from tests.simulation.vault import MemoryVault, VaultStore
from topology.readers import Reader
from vault.clocks import ToldTime
from vault.segments.document import Layer, LayerDocument, pack, path_of, unpack

CODEC = Codec(FixedIds())
SLOT = "redact.demo.0"
SEGMENTS = "segments.demo"
FOREVER = 10**15
ALWAYS = KeeperSettings(Lifetimes(FOREVER, FOREVER, FOREVER), sweep_ms=0, scan_ms=0)
"""Looks at everything in each call, and lets nothing end by time."""


class Crash(Exception):
    """The process dies here."""


def index(
    sequence: int,
    *tasks: str,
    epoch: int = 1,
    created: int = 0,
    expires: int = FOREVER,
    of: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> SegmentIndex:
    """`of`: by task, the subject hashes (hex) that it names."""
    entries = tuple(SegmentEntry(task, tuple(map(bytes.fromhex, of.get(task, ())))) for task in tasks)
    segment_id = f"{SLOT}/{epoch}/{sequence}"
    return SegmentIndex(segment_id, SLOT, epoch, sequence, "bundle", created, expires, entries)


def joined(task: str, segment_id: str) -> JoinedLabel:
    raw = RawReference("raw.demo", 0, 0)
    return JoinedLabel(task, raw, segment_id, "bundle", "policy", VerdictStatus.AGREED, 1.0, (), (), (), 5)


def documents(segment_id: str, *tasks: str) -> list[tuple[str, bytes]]:
    entries = {task: SealedBytes(task.encode()) for task in tasks}
    return [
        (path_of(layer, segment_id), pack(LayerDocument("demo", segment_id, layer, (), entries)))
        for layer in Layer
    ]


@dataclass
class Progress:
    """`streams.keeper.lateness.Offsets`, as a test says it: by group and topic, by topic and time."""

    read: dict[tuple[str, str], dict[TopicPartition, int]] = field(default_factory=dict)
    written: dict[str, dict[TopicPartition, list[int]]] = field(default_factory=dict)
    """By topic and partition, when each offset was written."""

    def read_up_to(self, group: str, topic: str) -> dict[TopicPartition, int]:
        return self.read.get((group, topic), {})

    def offsets_at(self, topic: str, time: int) -> dict[TopicPartition, int]:
        return {place: bisect_left(times, time) for place, times in self.written.get(topic, {}).items()}


@dataclass
class Rig:
    """What is committed, the processor over it, and the messages it hasn't committed yet."""

    settings: KeeperSettings = ALWAYS
    vault: MemoryVault = field(default_factory=lambda: MemoryVault(VaultStore(auto_keys=True), "demo"))
    log: list[Message] = field(default_factory=list)
    """`segments.P` and `joined.P`, as committed."""
    position: int = 0
    changelog: list[Message] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    now_ms: int = 1
    """By the clock of keeper's machine."""
    off_ms: int | None = 0
    """How far that is ahead of Vault's; None: Vault tells no time."""
    limits: dict[str, Limit] = field(default_factory=dict)
    """What policies allow, by hash."""
    in_force: str = ""
    lifted: int = 0
    erased: list[str] = field(default_factory=list)
    """The erasures in force, by subject hash."""
    readers: tuple[Reader, ...] = ()
    """Whose progress is asked for; of `offsets`."""
    offsets: Offsets = field(default_factory=Progress)
    sign: Callable[[bytes], bytes] = lambda _message: b"signed"
    lose: Callable[[], bool] = lambda: False
    """Whether the process dies now, between a plan and its commit."""

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """A new process over what is committed; control shows it every order in force."""
        self.keeper = KeeperProcessor(
            "demo",
            CODEC,
            documents=self.vault,
            segments_now=self.segments_now,
            clock=self,
            told_time=self.told_time,
            leaks=LeakSeams(self.limits.get, lambda: self.in_force, lambda: self.lifted, self.signed),
            erasures=ErasureSeams(lambda: self.erased, self.signed),
            lateness=Lateness(self.offsets, self.readers),
            settings=self.settings,
        )
        self.commit(self.keeper.restore(Slot("keeper.demo.0", 1, "keeper.demo", "demo"), self.restored()))
        self.commit(self.keeper.control(self.orders))

    def signed(self, message: bytes) -> bytes:
        return self.sign(message)

    def restored(self) -> list[Message]:
        """The changelog as the loop hands it over: without what it keeps there itself."""
        own = (it for it in self.changelog if it.topic == "keeper-state.demo")
        return [it for it in own if not it.key.startswith(SLOT_PREFIX.encode())]

    def segments_now(self) -> Iterator[Message]:
        return (it for it in self.log if it.topic == SEGMENTS)

    def now(self) -> int:
        return self.now_ms

    def told_time(self) -> ToldTime | None:
        return None if self.off_ms is None else ToldTime(self.now_ms - self.off_ms, 0)

    def set_right(self) -> None:
        """The machine's clock shows what Vault's does."""
        self.now_ms, self.off_ms = self.now_ms - (self.off_ms or 0), 0

    def monotonic(self) -> float:
        return 0.0

    def wait(self, seconds: float) -> None:
        raise AssertionError("keeper never waits")

    def tell(self, *records: SegmentIndex | SlotEpoch | JoinedLabel | Message) -> None:
        """Commit records of other stages."""
        for record in records:
            self.log.append(record if isinstance(record, Message) else self._message(record))

    def write(self, found: SegmentIndex) -> None:
        """Commit a segment with its documents, as redact does."""
        self.vault.create_all(documents(found.segment_id, *(entry.task_id for entry in found.entries)))
        self.tell(found)

    def withdraw(self, *tasks: str) -> None:
        """Sign orders and show them to the process that runs."""
        keys = [f"withdraw/demo/{task}/compliance" for task in tasks]
        self.orders += keys
        self.commit(self.keeper.control(keys))

    def round(self) -> Plan:
        """One call of the loop: read what is new, process, commit."""
        end = len(self.log)
        plan = self.keeper.process(Batch(self.log[self.position : end], [], {}, self.clock_ticks()))
        self.commit(plan)
        self.position = end
        return plan

    def clock_ticks(self) -> int:
        self.now_ms += 1
        return self.now_ms

    def commit(self, plan: Plan) -> None:
        if plan.empty:
            return
        if self.lose():
            raise Crash
        for outgoing in plan.outputs:
            if outgoing.topic == "control" and outgoing.key.startswith(b"withdraw/"):
                self.orders.append(outgoing.key.decode())
            target = self.log if outgoing.topic == SEGMENTS else self.changelog
            target.append(Message(outgoing.topic, 0, len(target), outgoing.key, outgoing.value))
        self.events += plan.events

    def has(self, segment_id: str) -> set[Layer]:
        """The layers of a segment that exist."""
        return {layer for layer in Layer if self.vault.read(path_of(layer, segment_id)) is not None}

    def tasks_in(self, segment_id: str, layer: Layer) -> set[str]:
        document = self.vault.read(path_of(layer, segment_id))
        return set(unpack(document.blob).entries) if document else set()

    def committed_segments(self) -> dict[str, SegmentIndex]:
        standing: dict[str, SegmentIndex] = {}
        for message in self.segments_now():
            key = message.key.decode()
            standing.pop(key, None)
            if message.value is not None and not key.startswith("epoch/"):
                standing[key] = CODEC.decode(message.value, SegmentIndex)
        return standing

    def said(self) -> list[tuple[str, str, str]]:
        return [(it.type.value, it.resource, it.reason) for it in self.events]

    def _message(self, record: SegmentIndex | SlotEpoch | JoinedLabel) -> Message:
        topic, key = SEGMENTS, b""
        if isinstance(record, SegmentIndex):
            key = record.segment_id.encode()
        elif isinstance(record, SlotEpoch):
            key = f"epoch/{record.slot}".encode()
        else:
            topic, key = "joined.demo", record.task_id.encode()
        return Message(topic, 0, len(self.log), key, CODEC.encode(record))
