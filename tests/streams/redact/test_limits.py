"""What is too large for the topics it would go to is quarantined: it must never stop its partition."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

import pytest

from schemas.audit import RawOutcome
from schemas.codec import Codec, FixedIds
from schemas.errors import LogUnavailable, Reason, Unparseable
from schemas.records import Quarantined, SegmentIndex, Task
from streams.engine.messages import Message, TopicPartition
from streams.engine.processor import Batch, Plan, Slot
from streams.redact.again.released import Orders
from streams.redact.avro import decode_avro
from streams.redact.coverage import MAX_OFFSETS
from streams.redact.parse import parse
from streams.redact.processor import LONGEST_MS, RedactProcessor, Seams
from streams.redact.release import MAX_SUBJECTS, Hashes
from streams.redact.ruling import RulingSeams
from tests.simulation.vault import MemoryVault, VaultStore
from tests.simulation.world import CanaryDetector
from topology.policies import Policy, load_policy, policy_bytes
from topology.routes import KnownRoutes
from topology.signed_policies import PolicyRecord
from vault import keyed_hash
from vault.data_keys import DataKeys
from vault.raw import MAX_PAYLOAD_BYTES, Media, seal_raw

RAW = TopicPartition("raw.demo", 0)
TOPIC_BYTES = 2 * 1024 * 1024
NOW = 1_700_000_000_000
CODEC = Codec(FixedIds())
KEY = b"0" * 64


class Desk:
    """A redact stage with its vault, and no log."""

    def __init__(
        self,
        policy: Policy | None,
        known_routes: Callable[[], KnownRoutes] = KnownRoutes,
        released: Orders = lambda _: (),
        erased: Callable[[], AbstractSet[bytes]] = frozenset,
        longest_ms: int = LONGEST_MS,
    ) -> None:
        vault = MemoryVault(VaultStore(auto_keys=True), "demo")
        for purpose in keyed_hash.Purpose:
            keyed_hash.create(vault, "demo", purpose)
        hashes = Hashes(*(keyed_hash.load(vault, "demo", it) for it in ("task", "subject", "digest", "token")))
        self.subject = hashes.subject
        record = PolicyRecord(policy.hash, policy.version, policy_bytes(policy)) if policy else None
        seams = Seams(
            RulingSeams(lambda: record, tuple, lambda _: CanaryDetector()),
            lambda data, media, _schema: parse(data, media.value),
            hashes,
            vault,
            known_routes,
            released,
            erased,
            longest_ms=longest_ms,
        )
        self._data_key = DataKeys(vault).current("raw-demo", "producer/1", NOW)
        self._processor = RedactProcessor("demo", CODEC, "redact.demo.0", seams)
        self._processor.restore(Slot("redact.demo.0", 1, "redact.demo", "demo"), [])

    def message(self, payload: bytes, media: Media = Media.JSON, offset: int = 0) -> Message:
        value, headers = seal_raw(self._data_key, payload, project="demo", topic="raw.demo", key=KEY, media=media)
        return Message("raw.demo", 0, offset, KEY, value, dict(headers))

    def process(self, *messages: Message) -> Plan:
        return self._processor.process(Batch(messages, (), {RAW: 0}, NOW))


def outcomes(plan: Plan) -> list[tuple[RawOutcome, str]]:
    return [(one.outcome, one.reason) for event in plan.events if event.batch for one in event.batch.outcomes]


def quarantined(plan: Plan) -> Quarantined:
    (entry,) = [out.value for out in plan.outputs if out.topic == "quarantine.demo"]
    return CODEC.decode(entry, Quarantined)


def largest(plan: Plan) -> int:
    return max(len(out.key) + len(out.value or b"") for out in plan.outputs)


@pytest.mark.parametrize("character", ["\n", '"', "\x01"])
def test_a_text_whose_json_form_fits_no_task_is_quarantined(character: str) -> None:
    desk = Desk(load_policy("text"))
    plan = desk.process(desk.message(character.encode() * MAX_PAYLOAD_BYTES, Media.TEXT))
    assert outcomes(plan) == [(RawOutcome.QUARANTINED, Reason.TOO_LARGE)]
    assert largest(plan) < TOPIC_BYTES


def test_a_text_of_the_largest_payload_becomes_a_task() -> None:
    desk = Desk(load_policy("text"))
    plan = desk.process(desk.message(b"word " * (MAX_PAYLOAD_BYTES // 5), Media.TEXT))
    assert [one for one, _ in outcomes(plan)] == [RawOutcome.TASK]
    (task,) = [out.value for out in plan.outputs if out.topic == "tasks.demo"]
    assert len(CODEC.decode(task, Task).sealed) < largest(plan) < TOPIC_BYTES


def test_a_record_of_more_subjects_than_an_index_holds_is_quarantined() -> None:
    desk = Desk(replace(load_policy("text"), subject=("people[]",)))
    people = [f"someone {number}" for number in range(MAX_SUBJECTS + 1)]
    few, many = ({"text": "hello", "people": some} for some in (people[1:], people))
    assert outcomes(desk.process(desk.message(encoded(few)))) == [(RawOutcome.TASK, "")]
    assert outcomes(desk.process(desk.message(encoded(many)))) == [
        (RawOutcome.QUARANTINED, Reason.MAPPING_TOO_LARGE)
    ]


@pytest.mark.parametrize("part", ["value", "headers", "key"])
def test_a_message_larger_than_the_quarantine_takes_leaves_its_place_there(part: str) -> None:
    desk = Desk(load_policy("text"))
    huge = b"x" * 3 * TOPIC_BYTES
    message = Message("raw.demo", 0, 0, KEY, b"x")
    changed: dict[str, Message] = {
        "value": replace(message, value=huge),
        "headers": replace(message, headers={"h": huge}),
        "key": replace(message, key=huge),
    }
    plan = desk.process(changed[part])
    assert outcomes(plan) == [(RawOutcome.QUARANTINED, Reason.MISSING_HEADER)]
    assert quarantined(plan).raw.offset == 0
    assert largest(plan) < 1000


def test_a_key_that_is_no_keyed_hash_does_not_travel_on() -> None:
    desk = Desk(load_policy("text"))
    plan = desk.process(Message("raw.demo", 0, 0, b"jane.doe@example.org", b"x"))
    assert all(b"jane" not in out.key for out in plan.outputs)


def test_offsets_without_a_record_are_covered_in_events_that_fit() -> None:
    desk = Desk(load_policy("text"))
    gap = 3 * MAX_OFFSETS
    plan = desk.process(desk.message(b"{}", offset=gap))
    batches = [event.batch for event in plan.events if event.batch]
    assert [batch.next for batch in batches[:-1]] == [batch.first for batch in batches[1:]]
    assert (batches[0].first, batches[-1].next) == (0, gap + 1)
    assert all(len(batch.outcomes) == batch.next - batch.first <= MAX_OFFSETS for batch in batches)


def test_records_that_come_without_a_policy_in_force_are_not_passed_over() -> None:
    desk = Desk(None)
    with pytest.raises(LogUnavailable):
        desk.process(desk.message(b"{}"))


def encoded(record: Mapping[str, object]) -> bytes:
    return json.dumps(record).encode()


@pytest.mark.parametrize(
    "items",
    [
        "null",
        {"type": "fixed", "name": "Nothing", "size": 0},
        {"type": "record", "name": "Empty", "fields": []},
        {"type": "record", "name": "Deep", "fields": [{"name": "a", "type": {"type": "null"}}]},
    ],
)
def test_an_array_of_items_without_width_is_refused_before_it_is_counted(items):
    schema = {
        "type": "record",
        "name": "Bomb",
        "fields": [{"name": "many", "type": {"type": "array", "items": items}}],
    }
    count = bytes([0x80, 0xA0, 0x94, 0xA5, 0x8D, 0x1D])  # zig-zag of 10^12
    with pytest.raises(Unparseable):
        decode_avro(count + b"\0", schema)


@pytest.mark.parametrize(("longest_hours", "hours"), [(1, 1), (500, 168)])
def test_a_segment_ends_when_the_policy_says_or_with_its_entries(longest_hours: int, hours: int) -> None:
    policy = load_policy("text")
    assert policy.segment_hours == 168
    desk = Desk(policy, longest_ms=longest_hours * 3_600_000)
    plan = desk.process(desk.message(b"hello", Media.TEXT))
    (value,) = [out.value for out in plan.outputs if out.topic == "segments.demo" and out.value is not None]
    index = CODEC.decode(value, SegmentIndex)
    assert index.expires_at - index.created_at == hours * 3_600_000
