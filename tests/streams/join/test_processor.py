from __future__ import annotations

from collections.abc import Collection

import pytest

from schemas import durations
from schemas.audit import EventType
from schemas.errors import Reason, Refused, Undecryptable, VaultUnavailable
from schemas.geometry_codec import encode_geometry
from schemas.hidden import SecretBytes
from schemas.records import JoinedLabel
from streams.engine.messages import Message
from streams.engine.processor import Batch, Plan, Slot
from streams.join.processor import JoinProcessor
from tests.simulation.vault import MemoryVault, VaultStore
from tests.streams.join.making import CODEC, GEOMETRY, gold_book, span, verdict
from vault.data_keys import DataKeys
from vault.segments.halves import SlotHalves
from vault.segments.opening import Geometries
from vault.segments.sealing import SegmentSealer, TaskContents

SLOT = Slot("join.demo.0", 1, "join.demo", "demo")


class Source:
    """Geometry by (segment, task); remembers what was asked of it."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], bytes | Exception] = {}
        self.asked: list[str] = []
        self.evicted: set[str] = set()

    def geometry(self, segment_id: str, task_id: str) -> bytes:
        self.asked.append(segment_id)
        found = self.entries.get((segment_id, task_id), Refused(Reason.UNKNOWN_SEGMENT))
        if isinstance(found, Exception):
            raise found
        return found

    def evict(self, task_ids: Collection[str]) -> None:
        self.evicted |= set(task_ids)


@pytest.fixture
def source() -> Source:
    source = Source()
    source.entries["redact.demo.0/1/0", "task-1"] = encode_geometry(GEOMETRY)
    return source


def run(processor: JoinProcessor, *records: object) -> Plan:
    values = [it if isinstance(it, bytes) or it is None else CODEC.encode(it) for it in records]
    messages = [Message("verdicts.demo", 1, offset, b"k", value) for offset, value in enumerate(values)]
    return processor.process(Batch(messages, [], {}, 1_000))


def joined(plan: Plan) -> list[JoinedLabel]:
    return [CODEC.decode(it.value, JoinedLabel) for it in plan.outputs]


def test_a_verdict_becomes_one_joined_label_and_its_event(source) -> None:
    plan = run(JoinProcessor("demo", CODEC, source, gold_book()), verdict(span(5, 18)))
    (label,) = joined(plan)
    assert (plan.outputs[0].topic, plan.outputs[0].key) == ("joined.demo", b"task-1")
    assert (label.raw, label.joined_at) == (GEOMETRY.raw, 1_000)
    (event,) = plan.events
    assert (event.type, event.resource) == (EventType.LABEL_JOINED, "raw/raw.demo/2/17/1")
    assert event.parents == ("task/task-1", "verdict/task-1")
    assert event.details["snapped"] == "1"
    assert "waited" not in event.details


def test_the_audit_says_how_long_a_last_label_waited_to_be_joined(source) -> None:
    (event,) = run(JoinProcessor("demo", CODEC, source, gold_book()), verdict(labeled_at=400)).events
    assert event.details.items() >= durations.waited(600).items()


def test_each_refusal_names_place_and_reason_and_the_rest_goes_on(source) -> None:
    source.entries["redact.demo.0/1/0", "sealed"] = Undecryptable(Reason.UNDECRYPTABLE)
    source.entries["redact.demo.0/1/0", "garbled"] = b"{}"
    plan = run(
        JoinProcessor("demo", CODEC, source, gold_book()),
        b"nonsense",
        None,
        verdict(task_id="gone"),
        verdict(task_id="sealed"),
        verdict(task_id="garbled"),
        verdict(revision=2),
        verdict(),
    )
    assert [(it.type, it.reason) for it in plan.events[:-1]] == [
        (EventType.RECORD_REFUSED, reason)
        for reason in (
            "undecodable",
            "undecodable",
            "unknown_segment",
            "undecryptable",
            "undecodable",
            "stale_revision",
        )
    ]
    assert [it.details["offset"] for it in plan.events[:-1]] == ["0", "1", "2", "3", "4", "5"]
    assert plan.events[2].parents == ("task/gone", "verdict/gone")
    assert len(joined(plan)) == 1


def test_a_batch_reads_segment_by_segment_and_answers_in_its_own_order(source) -> None:
    for segment, task in [("b", "1"), ("a", "2"), ("b", "3"), ("a", "4")]:
        source.entries[segment, task] = encode_geometry(GEOMETRY)
    plan = run(
        JoinProcessor("demo", CODEC, source, gold_book()),
        *(
            verdict(segment_id=segment, task_id=task)
            for segment, task in [("b", "1"), ("a", "2"), ("b", "3"), ("a", "4")]
        ),
    )
    assert source.asked == ["a", "a", "b", "b"]
    assert [it.task_id for it in joined(plan)] == ["1", "2", "3", "4"]


def test_a_withdrawn_task_is_evicted_acknowledged_and_never_joined(source) -> None:
    processor = JoinProcessor("demo", CODEC, source, gold_book())
    plan = processor.control(["withdraw/demo/task-1/compliance", "withdraw/demo/task-1/keeper.demo"])
    assert source.evicted == {"task-1"}
    assert [(it.type, it.resource, it.outcome) for it in plan.events] == [
        (EventType.TASK_WITHDRAWN, "task/task-1", "evicted")
    ]
    assert [(it.topic, it.key, it.value) for it in plan.outputs] == [("joined.demo", b"task-1", None)]
    again = processor.control(["withdraw/demo/task-1"])  # the first plan did not commit
    assert again == plan
    processor.restore(SLOT, [])
    refusal = run(processor, verdict())
    assert ([it.reason for it in refusal.events], refusal.outputs) == (["withdrawn"], [])


def test_a_label_joined_before_the_order_was_heard_is_taken_back_by_whoever_joined_it(source) -> None:
    source.entries["redact.demo.0/1/0", "task-1"] = encode_geometry(GEOMETRY)
    processor = JoinProcessor("demo", CODEC, source, gold_book())
    written = [*run(processor, verdict()).outputs, *processor.control(["withdraw/demo/task-1/compliance"]).outputs]
    assert [(it.key, it.value is None) for it in written] == [(b"task-1", False), (b"task-1", True)]


def test_control_in_force_is_asked_before_the_first_change_is_shown(source) -> None:
    processor = JoinProcessor("demo", CODEC, source, gold_book(), is_withdrawn={"task-1"}.__contains__)
    assert [it.reason for it in run(processor, verdict()).events] == ["withdrawn"]
    assert source.asked == []


def test_a_vault_that_does_not_answer_stops_the_batch_and_refuses_nothing(source) -> None:
    source.entries["redact.demo.0/1/0", "task-1"] = VaultUnavailable("sealed")
    with pytest.raises(VaultUnavailable):
        run(JoinProcessor("demo", CODEC, source, gold_book()), verdict())


def test_restoring_gives_a_plan_with_nothing_in_it(source) -> None:
    assert JoinProcessor("demo", CODEC, source, gold_book()).restore(SLOT, []).empty


def test_what_redact_seals_is_what_join_reads() -> None:
    vault = MemoryVault(VaultStore(auto_keys=True), "demo")
    sealer = SegmentSealer(DataKeys(vault), SlotHalves(vault, "demo", "redact.demo.0"), "demo", "redact.demo.0")
    contents = TaskContents("task-1", SecretBytes(bytes(32)), encode_geometry(GEOMETRY), b"values")
    (segment,) = sealer.seal([contents], lambda: "redact.demo.0/1/0", 1_000).segments
    vault.create_all(segment.documents)
    processor = JoinProcessor("demo", CODEC, Geometries(vault, "demo"), gold_book())
    (label,) = joined(run(processor, verdict(span(3, 13))))
    assert (label.spans[0].start, label.spans[0].end) == (3, 15)
    processor.control(["withdraw/demo/task-1/compliance"])
    assert [it.reason for it in run(processor, verdict()).events] == ["withdrawn"]
