"""Entries that lie apart from Vault: what opens them, what ends them, what becomes of a record that is missing."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import LogUnavailable, Reason, RecordAwaited, Refused, Undecodable, Undecryptable
from schemas.hidden import SealedBytes, SecretBytes
from tests.simulation.broker import Broker
from tests.simulation.segment_topics import MemorySegmentTopics
from tests.simulation.vault import MemoryVault
from vault.data_keys import DataKeys
from vault.granted import sealed_values
from vault.interface import WrappedKey
from vault.keys import OVERHEAD, fresh_key
from vault.rewrapping import with_keys, wrapped_in
from vault.segments.apart import (
    LAYERS,
    LEAST_BYTES,
    entries_at,
    entry_bytes,
    entry_key,
    open_apart,
    padded,
    padded_length,
    seal_apart,
    unpadded,
)
from vault.segments.document import (
    KeyReference,
    Layer,
    LayerDocument,
    Place,
    drop_entries,
    entry_binding,
    pack,
    path_of,
    unpack,
)
from vault.segments.halves import SlotHalves
from vault.segments.opening import Geometries
from vault.segments.sealing import ENTRY_BYTES, SegmentSealer, TaskContents

SLOT, NOW = "redact.demo.0", 1_700_000_000_000
ONE, TWO = "1" * 32, "2" * 32
GEOMETRY = b"where-it-stood"
GOLDEN_KEY = "7172b8952850e87b304804c3d9fdb2d4d9b374ea7b34765db9f05984666d242c"
"""HMAC-SHA-256 under 00 01 … 1f of label and sixteen zeros, each behind its length; worked out by other means."""
GOLDEN_ENTRY = "000000000000000000000000de064edfd0d06e307c3cace00dcc450b823a5ab7"


@dataclass
class Ground:
    """Two tasks in a segment whose entries lie apart."""

    store: object
    seconds: float = 0.0
    at: dict = field(default_factory=dict)

    def __post_init__(self):
        self.vault = MemoryVault(self.store, "demo")
        self.topics = MemorySegmentTopics(
            Broker({"geometry.demo": 1, "values.demo": 1}, self.fault), lambda: self.seconds
        )
        self.numbers = itertools.count(1)
        self.halves = SlotHalves(self.vault, "demo", SLOT)
        self.sealer = SegmentSealer(DataKeys(self.vault), self.halves, "demo", SLOT, topics=self.topics)

    def fault(self, point):
        if point in self.at:
            raise self.at[point]

    def sealed(self, *task_ids):
        tasks = [TaskContents(one, fresh_key(), GEOMETRY, b'{"[EMAIL_1]":"jane"}') for one in task_ids]
        (segment,) = self.sealer.seal(tasks, lambda: f"{SLOT}/1/{next(self.numbers)}", NOW).segments
        return segment

    def written(self, *task_ids):
        segment = self.sealed(*task_ids)
        self.vault.create_all(segment.documents)
        return segment.segment_id

    def document(self, layer, segment_id):
        return unpack(self.vault.read(path_of(layer, segment_id)).blob)

    def geometry(self, segment_id, task_id):
        return Geometries(self.vault, "demo", topics=self.topics).geometry(segment_id, task_id)


@pytest.fixture
def ground(store):
    return Ground(store)


def test_vault_keeps_a_seed_for_each_task_and_nothing_of_its_entry(ground):
    segment_id = ground.written(ONE, TWO)
    for layer in LAYERS:
        document = ground.document(layer, segment_id)
        assert document.place is not None
        assert {len(seed.data) for seed in document.entries.values()} == {16}
        assert len({seed.data for seed in document.entries.values()}) == 2
    assert ground.document(Layer.VIEW, segment_id).place is None


def test_who_holds_the_record_and_the_layers_key_opens_nothing_whose_seed_was_dropped(ground):
    segment_id = ground.written(ONE, TWO)
    document = ground.document(Layer.GEOMETRY, segment_id)
    found = ground.vault.read(path_of(Layer.GEOMETRY, segment_id))
    ground.vault.replace(found.path, drop_entries(found.blob, {ONE}), found.version)
    left = ground.document(Layer.GEOMETRY, segment_id)
    (key,) = ground.vault.unwrap("geometry-demo", [WrappedKey(document.keys[0].wrapped, document.keys[0].context)])
    record, binding = entries_at(ground.topics, left), entry_binding("demo", segment_id, ONE, Layer.GEOMETRY)
    assert ONE in record
    assert open_apart(key, document.entries[ONE].data, record[ONE], binding) == GEOMETRY
    for seed in (b"", bytes(16), left.entries[TWO].data):
        with pytest.raises(Undecryptable):
            open_apart(key, seed, record[ONE], binding)
    with pytest.raises(Refused) as caught:
        ground.geometry(segment_id, ONE)
    assert caught.value.reason is Reason.WITHDRAWN
    with pytest.raises(Refused) as caught:
        sealed_values(replace(document, entries={TWO: document.entries[TWO]}), ONE, ground.topics)
    assert caught.value.reason is Reason.WITHDRAWN
    assert ground.geometry(segment_id, TWO) == GEOMETRY


def test_what_no_document_names_was_never_promised(ground):
    """Written in part, or all of it and then a crash: the batch is sealed anew, under seeds of its own."""
    for point in ("before segment", "after segments"):
        ground.at = {point: LogUnavailable("test")}
        with pytest.raises(LogUnavailable):
            ground.sealed(ONE)
    ground.at = {}
    assert ground.vault.names("geometry") == []
    assert ground.geometry(ground.written(ONE), ONE) == GEOMETRY


def test_a_record_that_is_missing_is_awaited_for_a_minute_and_then_refused(ground):
    segment_id, other = ground.written(ONE), ground.written(TWO)
    for one in (segment_id, other):
        ground.topics.lost.add(("geometry.demo", ground.document(Layer.GEOMETRY, one).place))
    for seconds in (0, 30, 59):
        ground.seconds = seconds
        with pytest.raises(RecordAwaited):
            ground.geometry(segment_id, ONE)
    ground.seconds = 60
    with pytest.raises(Refused) as caught:
        ground.geometry(segment_id, ONE)
    assert caught.value.reason is Reason.UNKNOWN_SEGMENT
    with pytest.raises(RecordAwaited):  # another one has a minute of its own
        ground.geometry(other, TWO)


def test_a_record_that_comes_back_is_refused_to_nobody_and_is_awaited_anew_when_it_is_missing_again(ground):
    segment_id = ground.written(ONE)
    place = ("geometry.demo", ground.document(Layer.GEOMETRY, segment_id).place)
    for seconds in (0, 50, 100, 150):
        ground.seconds = seconds
        ground.topics.lost.add(place)
        with pytest.raises(RecordAwaited):
            ground.geometry(segment_id, ONE)
        ground.topics.lost.clear()
        assert ground.geometry(segment_id, ONE) == GEOMETRY


def test_of_a_task_that_was_dropped_a_missing_record_is_not_awaited(ground):
    segment_id = ground.written(ONE, TWO)
    found = ground.vault.read(path_of(Layer.GEOMETRY, segment_id))
    ground.topics.lost.add(("geometry.demo", unpack(found.blob).place))
    ground.vault.replace(found.path, drop_entries(found.blob, {ONE}), found.version)
    with pytest.raises(Refused) as caught:
        ground.geometry(segment_id, ONE)
    assert caught.value.reason is Reason.WITHDRAWN


def test_a_key_wrapped_anew_leaves_the_place_as_it_is(ground):
    segment_id = ground.written(ONE)
    found = ground.vault.read(path_of(Layer.GEOMETRY, segment_id))
    (old,) = wrapped_in(found.path, found.blob)
    (new,) = ground.vault.rewrap("geometry-demo", [old])
    ground.vault.replace(found.path, with_keys(found.path, found.blob, {old: new}), found.version)
    assert ground.document(Layer.GEOMETRY, segment_id).place == unpack(found.blob).place
    assert ground.geometry(segment_id, ONE) == GEOMETRY


def test_another_segments_record_at_a_place_is_no_segments(ground):
    first, second = ground.written(ONE), ground.written(ONE)
    path = path_of(Layer.GEOMETRY, first)
    astray = replace(ground.document(Layer.GEOMETRY, first), place=ground.document(Layer.GEOMETRY, second).place)
    ground.vault.replace(path, pack(astray), 1)
    with pytest.raises(Undecodable):
        ground.geometry(first, ONE)


def test_who_was_given_no_topics_says_so(ground):
    segment_id = ground.written(ONE)
    with pytest.raises(Undecodable, match="nobody looks"):
        Geometries(ground.vault, "demo").geometry(segment_id, ONE)


def test_what_was_kept_in_vault_before_still_opens(ground):
    in_vault = SegmentSealer(DataKeys(ground.vault), ground.halves, "demo", SLOT)
    task = TaskContents(ONE, fresh_key(), GEOMETRY, b"{}")
    (segment,) = in_vault.seal([task], lambda: f"{SLOT}/0/1", NOW).segments
    ground.vault.create_all(segment.documents)
    assert ground.geometry(segment.segment_id, ONE) == GEOMETRY


def test_the_key_of_an_entry_is_what_it_was():
    """A change here would lock out everything that is stored."""
    secret = SecretBytes(bytes(range(32)))
    assert entry_key(secret, bytes(16)).data.hex() == GOLDEN_KEY
    sealed = seal_apart(secret, bytes(16), b"where", b"bound", bytes)
    assert sealed.data[: OVERHEAD + 4].hex() == GOLDEN_ENTRY
    assert open_apart(secret, bytes(16), sealed, b"bound") == b"where"


@given(st.binary(max_size=3000))
def test_padding_comes_off_again_and_is_as_long_as_is_said(content):
    assert unpadded(padded(content)) == content
    assert len(padded(content)) == padded_length(len(content))


@given(st.integers(0, 1 << 20))
def test_padding_costs_an_eighth_at_most_and_tells_few_lengths_apart(length):
    assert max(LEAST_BYTES, length + 1) <= padded_length(length) <= max(LEAST_BYTES, (length + 1) * 9 / 8)
    assert padded_length(length) <= padded_length(length + 1)


def test_few_lengths_are_left_of_many():
    assert len({padded_length(length) for length in range(1 << 20)}) < 300


@pytest.mark.parametrize("content", [b"", b"no mark", b"\x80 and more"])
def test_what_has_no_padding_is_undecodable(content):
    with pytest.raises(Undecodable):
        unpadded(content)


@given(st.integers(0, 300_000))
def test_the_size_of_an_entry_that_lies_apart_is_never_underestimated(length):
    one = TaskContents("a" * 32, SecretBytes(bytes(32)), b"", bytes(length))
    empty = len(pack(LayerDocument("demo", "s", Layer.VALUES, (), {})))
    entries = {one.task_id: SealedBytes(bytes(entry_bytes(length)))}
    full = len(pack(LayerDocument("demo", "s", Layer.VALUES, (), entries)))
    assert full - empty <= one.sizes(apart=True)[Layer.VALUES] <= full - empty + ENTRY_BYTES


def test_the_bytes_of_either_format_are_what_they_were():
    here = LayerDocument("p", "s", Layer.VIEW, (KeyReference("w", "c"),), {"t": SealedBytes(b"x")})
    assert pack(here).hex(" ") == "01 02 70 02 73 08 76 69 65 77 02 02 77 02 63 00 00 02 02 74 02 78 00"
    apart = replace(here, place=Place(1, 300))
    assert pack(apart).hex(" ") == "02 02 70 02 73 08 76 69 65 77 02 02 77 02 63 00 00 02 d8 04 02 02 74 02 78 00"


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**63 - 1))
def test_a_place_comes_back_from_a_document(partition, offset):
    keys = (KeyReference("w", "c"),)
    document = LayerDocument(
        "demo", "s", Layer.GEOMETRY, keys, {"t": SealedBytes(b"seed")}, Place(partition, offset)
    )
    assert unpack(pack(document)) == document
