"""Replay on the in-memory log: ranges fixed, copies made once, and what is gone told."""

from __future__ import annotations

from schemas.audit import Event, EventType
from schemas.codec import Codec, FixedIds
from schemas.reredaction import Reredaction, read_origin
from streams.engine.messages import Message, Outgoing, TopicPartition
from streams.engine.processor import Batch, Plan, Slot
from streams.redact.again.processor import MAX_COPIES, ReplayProcessor, Seams
from tests.simulation.broker import Broker, Entry, MemoryLog

RAW, AGAIN, STATE = "raw.demo", "again.demo", "replay-state.demo"
CODEC = Codec(FixedIds())
SLOT = Slot("replay.demo.0", 1, "replay.demo", "demo")


class Cut(MemoryLog):
    """A log of which retention has taken a beginning."""

    start = 0

    def offsets_at(self, topic: str, time: int) -> dict[TopicPartition, int]:
        return {place: max(self.start, at) for place, at in super().offsets_at(topic, time).items()}


class Bench:
    def __init__(self) -> None:
        self.broker = Broker({RAW: 1, AGAIN: 1})
        self.log = Cut(self.broker)
        self.orders: list[Reredaction] = []
        self.version = 1
        self.changelog: list[Message] = []
        self.start()

    def start(self) -> None:
        seams = Seams(lambda: self.orders, lambda: self.version, self.log)
        self.processor = ReplayProcessor("demo", CODEC, seams)
        self.processor.restore(SLOT, self.changelog)

    def publish(self, count: int) -> None:
        for number in range(count):
            self.broker.append(Outgoing(RAW, b"key", f"sealed {number}".encode(), (("veil-media", b"text"),)))

    def round(self, *, committed: bool = True) -> Plan:
        plan = self.processor.process(Batch((), (), {}, 0))
        if committed:
            states = [out for out in plan.outputs if out.topic == STATE]
            self.changelog += [Message(STATE, 0, 0, out.key, out.value) for out in states]
        return plan


def copies(plan: Plan) -> list[Outgoing]:
    return [out for out in plan.outputs if out.topic == AGAIN]


def places(plan: Plan) -> list[tuple[int, int]]:
    origins = [read_origin(dict(copy.headers)) for copy in copies(plan)]
    return [(one.offset, one.revision) for one in origins]


def said(plan: Plan, kind: EventType) -> list[Event]:
    return [one for one in plan.events if one.type is kind]


def test_an_order_is_taken_up_copied_and_over():
    bench = Bench()
    bench.publish(3)
    assert bench.round().empty
    bench.orders.append(Reredaction(1, 1, 0))
    plan = bench.round()
    assert places(plan) == [(0, 2), (1, 2), (2, 2)]
    assert [copy.value for copy in copies(plan)] == [b"sealed 0", b"sealed 1", b"sealed 2"]
    assert dict(copies(plan)[0].headers)["veil-media"] == b"text"
    (begun,) = said(plan, EventType.REREDACTION_BEGUN)
    assert (begun.resource, begun.details["ranges"]) == ("control/reredact/demo", "0:0-3")
    (ended,) = said(plan, EventType.REREDACTION_ENDED)
    assert ended.details == {"number": "1", "copied": "3", "missed": "0"}
    assert bench.round().empty


def test_what_arrives_after_an_order_is_none_of_its_business():
    bench = Bench()
    bench.publish(2)
    bench.orders.append(Reredaction(1, 2, 0))
    waits = bench.round()
    assert waits.notice == "order 1 waits for a policy of version 2 in force"
    assert copies(waits) == []
    bench.publish(2)
    bench.version = 2
    assert places(bench.round()) == [(0, 2), (1, 2)]


def test_a_second_order_makes_third_revisions_where_the_first_was():
    bench = Bench()
    bench.publish(1)
    bench.orders.append(Reredaction(1, 1, 0))
    bench.round()
    bench.publish(1)
    bench.orders.append(Reredaction(2, 1, 0))
    assert places(bench.round()) == [(0, 3), (1, 2)]


def test_a_crash_before_the_commit_copies_the_same_again():
    bench = Bench()
    bench.publish(MAX_COPIES + 10)
    bench.orders.append(Reredaction(1, 1, 0))
    first = places(bench.round())
    lost = places(bench.round(committed=False))
    bench.start()
    assert places(bench.round()) == lost
    assert len(first) + len(lost) == MAX_COPIES + 10
    bench.start()
    assert bench.round().empty


def test_what_retention_has_taken_meanwhile_is_told():
    bench = Bench()
    bench.publish(5)
    bench.orders.append(Reredaction(1, 2, 0))
    bench.round()
    bench.version, bench.log.start = 2, 3
    bench.broker.partitions[TopicPartition(RAW, 0)][:3] = [Entry(None)] * 3
    plan = bench.round()
    assert places(plan) == [(3, 2), (4, 2)]
    (missed,) = said(plan, EventType.REREDACTION_MISSED)
    assert (missed.resource, missed.details) == ("batch/raw.demo/0/0/3", {"number": "1"})
    assert said(plan, EventType.REREDACTION_ENDED)[0].details["missed"] == "3"


def test_an_order_about_nothing_is_over_at_once():
    bench = Bench()
    bench.orders.append(Reredaction(1, 1, 0))
    plan = bench.round()
    assert said(plan, EventType.REREDACTION_ENDED)[0].details["copied"] == "0"
