"""Replay on the in-memory log: ranges fixed, copies made once, and what is gone told."""

from __future__ import annotations

from schemas.audit import Event, EventType
from schemas.codec import Codec, FixedIds
from schemas.quarantine_release import QuarantineRelease, ReleaseReason
from schemas.records import Quarantined, RawReference
from schemas.reredaction import Reredaction, read_origin
from streams.engine.messages import Message, Outgoing, TopicPartition
from streams.engine.processor import Batch, Plan, Slot
from streams.redact.again.processor import MAX_COPIES, ReplayProcessor, Seams
from streams.redact.again.scan import MAX_ENTRIES
from tests.simulation.broker import Broker, Entry, MemoryLog

KEPT_MS = 1000
RAW, AGAIN, STATE, QUARANTINE = "raw.demo", "again.demo", "replay-state.demo", "quarantine.demo"
CODEC = Codec(FixedIds())
SLOT = Slot("replay.demo.0", 1, "replay.demo", "demo")


class Cut(MemoryLog):
    """A log of whose raw records retention has taken a beginning."""

    start = 0

    def offsets_at(self, topic: str, time: int) -> dict[TopicPartition, int]:
        start = self.start if topic == RAW else 0
        return {place: max(start, at) for place, at in super().offsets_at(topic, time).items()}


class Bench:
    def __init__(self) -> None:
        self.broker = Broker({RAW: 1, AGAIN: 1, QUARANTINE: 2})
        self.log = Cut(self.broker)
        self.orders: list[Reredaction] = []
        self.released: list[QuarantineRelease] = []
        self.version = 1
        self.changelog: list[Message] = []
        self.start()

    def start(self) -> None:
        seams = Seams(lambda: self.orders, lambda: self.version, self.log, KEPT_MS, lambda: self.released)
        self.processor = ReplayProcessor("demo", CODEC, seams)
        self.processor.restore(SLOT, self.changelog)

    def publish(self, count: int) -> None:
        for number in range(count):
            self.broker.append(Outgoing(RAW, b"key", f"sealed {number}".encode(), (("veil-media", b"text"),)))

    def quarantine(self, offset: int, revision: int = 1, reason: str = "risk_too_high") -> Outgoing:
        raw = RawReference(RAW, 0, offset, revision)
        entry = Quarantined(raw, reason, "bundle", "wrapped", "context", b"sealed", 0)
        out = Outgoing(QUARANTINE, f"key {offset}".encode(), CODEC.encode(entry))
        self.broker.append(out)
        return out

    def round(self, *, committed: bool = True, now: int = 1) -> Plan:
        plan = self.processor.process(Batch((), (), {}, now))
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


def release(offset: int, revision: int = 1, policy: int = 1) -> QuarantineRelease:
    return QuarantineRelease(0, offset, revision, policy, ReleaseReason.ACCEPTED_RISK)


def endings(plan: Plan) -> list[tuple[str, str]]:
    return [(one.resource, one.reason) for one in said(plan, EventType.RELEASE_MISSED)]


def test_the_one_record_that_is_released_is_copied_as_it_lies_there():
    bench = Bench()
    bench.quarantine(3)
    entry = bench.quarantine(7)
    bench.quarantine(9)
    assert bench.round().empty
    bench.released.append(release(7))
    plan = bench.round()
    (copy,) = copies(plan)
    assert (copy.key, copy.value) == (entry.key, entry.value)
    origin = read_origin(dict(copy.headers))
    assert (origin.partition, origin.offset, origin.revision, origin.least_policy) == (0, 7, 2, 1)
    assert origin.released
    (event,) = said(plan, EventType.RELEASE_COPIED)
    assert (event.resource, event.parents) == ("raw/raw.demo/0/7/1", ("control/release/demo/0.7.1",))
    assert bench.round().empty
    bench.start()
    assert bench.round().empty, "it is remembered"


def test_a_crash_before_the_commit_releases_the_same_again():
    bench = Bench()
    bench.quarantine(7)
    bench.released.append(release(7))
    lost = places(bench.round(committed=False))
    bench.start()
    assert places(bench.round()) == lost == [(7, 2)]


def test_several_are_found_in_one_look_and_what_is_ordered_meanwhile_in_the_next():
    bench = Bench()
    for offset in range(MAX_ENTRIES + 2):
        bench.quarantine(offset)
    bench.released += [release(0), release(MAX_ENTRIES + 1)]
    first = bench.round()
    bench.released.append(release(1))
    plans = [first, *(bench.round() for _ in range(4))]
    found = sorted(place for plan in plans for place in places(plan))
    assert found == [(0, 2), (1, 2), (MAX_ENTRIES + 1, 2)]


def test_what_quarantine_does_not_hold_any_more_is_told_once():
    bench = Bench()
    bench.quarantine(3)
    bench.released.append(release(7))
    assert endings(bench.round()) == [("raw/raw.demo/0/7/1", "gone")]
    bench.quarantine(7)
    assert bench.round().empty, "an order is carried out once"


def test_a_release_waits_for_the_policy_it_names():
    bench = Bench()
    bench.quarantine(7)
    bench.released.append(release(7, policy=2))
    assert bench.round().empty
    bench.version = 2
    assert places(bench.round()) == [(7, 2)]


def test_what_an_order_has_redacted_again_meanwhile_is_overtaken():
    bench = Bench()
    bench.publish(2)
    bench.quarantine(1)
    bench.orders.append(Reredaction(1, 1, 0))
    bench.round()
    bench.released.append(release(1))
    assert endings(bench.round()) == [("raw/raw.demo/0/1/1", "overtaken")]
    bench.quarantine(1, revision=2)
    bench.released.append(release(1, revision=2))
    assert places(bench.round()) == [(1, 3)]


def test_an_order_after_a_release_leaves_no_revision_out_and_gives_none_twice():
    bench = Bench()
    bench.publish(2)
    bench.quarantine(1)
    bench.released.append(release(1))
    bench.round()
    bench.orders.append(Reredaction(1, 1, 0))
    assert places(bench.round()) == [(0, 2), (1, 3)]
    bench.start()
    bench.orders.append(Reredaction(2, 1, 0))
    assert places(bench.round()) == [(0, 3), (1, 4)]


def test_of_two_orders_about_one_record_it_comes_back_once():
    bench = Bench()
    bench.quarantine(7)
    bench.released += [release(7), QuarantineRelease(0, 7, 1, 1, ReleaseReason.MENDED)]
    assert places(bench.round()) == [(7, 2)]
    assert bench.round().empty


def test_what_is_no_entry_is_passed_over():
    bench = Bench()
    bench.broker.append(Outgoing(QUARANTINE, b"k", b"nothing readable"))
    bench.quarantine(7)
    bench.released.append(release(7))
    assert places(bench.round()) == [(7, 2)]


def test_an_order_is_remembered_while_what_it_covers_may_be_in_quarantine():
    bench = Bench()
    bench.publish(1)
    bench.orders.append(Reredaction(1, 1, 0))
    bench.round()
    bench.log.start = 1
    bench.broker.partitions[TopicPartition(RAW, 0)][:1] = [Entry(None)]
    bench.orders.append(Reredaction(2, 1, 0))
    bench.round(now=KEPT_MS)
    bench.quarantine(0)
    bench.released.append(release(0))
    assert endings(bench.round(now=KEPT_MS)) == [("raw/raw.demo/0/0/1", "overtaken")]
