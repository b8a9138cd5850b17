"""How a log grows, and when it gets a checkpoint."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import leaf
from schemas.codec import Codec, FixedIds
from schemas.errors import RegistryUnavailable, Undecodable
from streams.audit.entries import entry_of, is_foreign
from streams.audit.prefixes import Prefixes
from streams.audit.sealing import Rhythm, begun, checkpoint_of, checkpointed, grown, is_due
from streams.audit.tree import Frontier, leaf_hash
from streams.engine.messages import Message, TopicPartition
from tests.schemas.making import records_of

IDS = FixedIds()
PLACE = TopicPartition("audit.demo", 1)
ORIGIN = "tests/audit.demo/1"
RHYTHM = Rhythm(entries=10, after_ms=1_000)
START = begun(PLACE, ORIGIN)
EVENT_ID = IDS.id_of("AuditEvent")
PREFIXES = {EVENT_ID: leaf.prefix()}

values = st.lists(
    st.one_of(st.none(), st.binary(max_size=40), st.binary(max_size=40).map(lambda it: framed(EVENT_ID, it))),
    max_size=40,
)


def framed(schema_id: int, body: bytes) -> bytes:
    return b"\0" + schema_id.to_bytes(4, "big") + body


def messages_of(found, gaps=()):
    """At rising offsets, with markers in between as transactions leave them."""
    at, made = 0, []
    for number, value in enumerate(found):
        at += 1 + (gaps[number % len(gaps)] if gaps else 0)
        made.append(Message(PLACE.topic, PLACE.partition, at, b"slot", value))
    return made


def batches(messages, cuts):
    """The messages in batches that end at these cuts."""
    places = sorted({cut % (len(messages) + 1) for cut in cuts} | {0, len(messages)})
    return [messages[start:end] for start, end in pairwise(places)]


@given(values, st.lists(st.integers(0, 2), max_size=3), st.lists(st.integers(0, 100), max_size=8))
def test_any_batches_give_the_tree_of_one_pass(found, gaps, cuts):
    messages = messages_of(found, gaps)
    log = START
    for batch in batches(messages, cuts):
        log = grown(log, batch, PREFIXES)
    tree = Frontier().append([leaf_hash(entry_of(value, PREFIXES).data) for value in found])
    assert (log.size, log.nodes) == (tree.size, tree.nodes)
    assert checkpoint_of(log).root == tree.root()
    assert log == grown(START, messages, PREFIXES)


@given(values.filter(bool), st.lists(st.integers(0, 100), max_size=8), st.integers(0, 100))
def test_records_that_come_again_are_no_second_entry(found, cuts, back):
    messages = messages_of(found)
    log, whole = START, grown(START, messages, PREFIXES)
    for batch in batches(messages, cuts):
        log = grown(log, batch, PREFIXES)
        log = grown(log, messages[: back % (len(batch) + 1)], PREFIXES)  # positions were lost
    assert log == whole


@given(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 700)), max_size=40))
def test_log_is_never_ten_entries_and_a_second_behind(steps):
    log, now = START, 1_000_000
    for more, passed in steps:
        now += passed
        log = replace(log, size=log.size + more)
        if is_due(log, now, RHYTHM):
            assert log.size > log.checkpoint_size
            log = checkpointed(log, now)
        behind = log.size - log.checkpoint_size
        assert behind == 0 or (behind < RHYTHM.entries and now - log.checkpoint_at < RHYTHM.after_ms)


@pytest.mark.parametrize(
    ("more", "passed", "due"),
    [(0, 10**6, False), (1, 999, False), (1, 1_000, True), (9, 0, False), (10, 0, True), (1, -1, True)],
)
def test_a_checkpoint_is_due_by_count_or_time_and_never_without_growth(more, passed, due):
    log = replace(START, size=100 + more, checkpoint_size=100, checkpoint_at=5_000_000)
    assert is_due(log, 5_000_000 + passed, RHYTHM) is due


def test_the_first_entry_of_a_log_gets_its_checkpoint_at_once():
    assert is_due(replace(START, size=1), 1_700_000_000_000, RHYTHM)


def test_checkpoint_tells_origin_size_and_root():
    log = grown(START, messages_of([b"a", None]), PREFIXES)
    lines = checkpoint_of(log).text().splitlines()
    assert lines[:2] == [ORIGIN, "2"]
    assert checkpointed(log, 7) == replace(log, checkpoint_size=2, checkpoint_at=7)


class Asked(FixedIds):
    """A registry that counts what it is asked, and may be away."""

    def __init__(self):
        self.asked, self.away, self.unknown = [], False, set()

    def schema_of(self, schema_id):
        self.asked.append(schema_id)
        if self.away:
            raise RegistryUnavailable("away")
        if schema_id in self.unknown:
            raise Undecodable("unknown_schema", "x")
        return super().schema_of(schema_id)


@given(records_of("AuditEvent"))
def test_entry_of_an_event_is_its_leaf(event):
    value = Codec(IDS).encode(event)
    assert entry_of(value, Prefixes(IDS).of([value])).data == leaf.leaf(event)


def test_each_schema_id_is_asked_for_once():
    ids = Asked()
    prefixes = Prefixes(ids)
    task = IDS.id_of("Task")
    for _ in range(3):
        found = prefixes.of(
            [framed(EVENT_ID, b"x"), framed(task, b"y"), framed(EVENT_ID, b"z"), None, b"\0", b"\1abcd"]
        )
    assert found == PREFIXES
    assert sorted(ids.asked) == sorted([EVENT_ID, task])


def test_schema_id_that_nobody_knows_yet_is_a_foreign_record_until_it_is_known():
    ids = Asked()
    ids.unknown = {EVENT_ID}
    prefixes, value = Prefixes(ids), framed(EVENT_ID, b"x")
    assert is_foreign(entry_of(value, prefixes.of([value])).data)
    ids.unknown.clear()
    assert entry_of(value, prefixes.of([value])).data == leaf.prefix() + b"x"


def test_registry_that_is_away_says_so_and_is_asked_again():
    ids = Asked()
    ids.away = True
    prefixes = Prefixes(ids)
    with pytest.raises(RegistryUnavailable):
        prefixes.of([framed(EVENT_ID, b"x")])
    ids.away = False
    assert prefixes.of([framed(EVENT_ID, b"x")]) == PREFIXES
