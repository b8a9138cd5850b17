from __future__ import annotations

import contextlib
import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vault.segments.opening
from schemas.errors import Reason, Refused, Undecodable, Undecryptable, VaultUnavailable
from schemas.hidden import SealedBytes, SecretBytes
from tests.simulation.broker import Broker
from tests.simulation.segment_topics import MemorySegmentTopics
from tests.simulation.vault import MemoryVault
from vault import wrapped
from vault.data_keys import DataKeys
from vault.keys import fresh_key, open_sealed, seal, task_binding
from vault.segments.apart import entries_at, open_apart
from vault.segments.document import (
    KeyReference,
    Layer,
    LayerDocument,
    drop_entries,
    entry_binding,
    pack,
    path_of,
    unpack,
)
from vault.segments.halves import HOUR_MS, SlotHalves
from vault.segments.opening import Geometries, LayerReader, ViewKeys
from vault.segments.sealing import ENTRY_BYTES, SegmentSealer, TaskContents, split
from vault.segments.shares import combine, share

SLOT = "redact.demo.0"
NOW = 1_700_000_000_000


def task(number, values=b'{"[EMAIL_1]":"jane.doe@example.org"}', geometry=b"where-it-stood"):
    return TaskContents(f"{number:032x}", fresh_key(), geometry, values)


def ids():
    numbers = itertools.count(1)
    return lambda: f"{SLOT}/1/{next(numbers)}"


@pytest.fixture(params=[False, True], ids=["in Vault", "apart"])
def topics(request):
    """Where entries lie apart from Vault; whatever holds of segments holds of them either way."""
    return MemorySegmentTopics(Broker({"geometry.demo": 2, "values.demo": 2})) if request.param else None


@pytest.fixture
def sealer(vault, topics):
    return SegmentSealer(DataKeys(vault), SlotHalves(vault, "demo", SLOT), "demo", SLOT, topics=topics)


@pytest.fixture
def written(vault, sealer):
    """Three tasks in one segment, written."""
    tasks = [task(1), task(2), task(3)]
    (segment,) = sealer.seal(tasks, ids(), NOW).segments
    vault.create_all(segment.documents)
    return tasks, segment


def half(vault, group, document):
    """What an approver of a group does: read the half's document and unwrap it."""
    reference = document.keys["ab".index(group)]
    key = wrapped.unpack(vault.read(reference.document).blob)
    assert key.context == reference.context
    (secret,) = vault.unwrap(f"values-{group}-demo", [key])
    return secret


def open_values(key, document, one, topics):
    """What a requester's client does with an entry, wherever it lies."""
    aad = entry_binding("demo", document.segment_id, one.task_id, Layer.VALUES)
    if topics is None:
        return open_sealed(key, document.entries[one.task_id], aad)
    return open_apart(key, document.entries[one.task_id].data, entries_at(topics, document)[one.task_id], aad)


def test_label_opens_task_keys_and_join_opens_geometry(vault, topics, written):
    tasks, segment = written
    views, geometries = ViewKeys(vault, "demo"), Geometries(vault, "demo", topics=topics)
    for one in tasks:
        assert views.task_key(segment.segment_id, one.task_id) == one.task_key
        assert geometries.geometry(segment.segment_id, one.task_id) == one.geometry


def test_hints_lie_with_the_task_key_open_for_label_alone_and_go_with_the_entry(store, vault, sealer):
    hinted = replace(task(1), hints=b'{"[CITY_1]":"city in France"}')
    (segment,) = sealer.seal([hinted, task(2)], ids(), NOW).segments
    vault.create_all(segment.documents)
    views = ViewKeys(vault, "demo")
    assert views.hints(segment.segment_id, hinted.task_id) == hinted.hints
    assert views.task_key(segment.segment_id, hinted.task_id) == hinted.task_key
    assert views.hints(segment.segment_id, task(2).task_id) == b""
    assert all(b"France" not in blob for versions in store.documents.values() for blob in versions.values())

    keeper = MemoryVault(store, "demo", rights=lambda operation, target: operation in {"read", "replace"})
    found = keeper.read(path_of(Layer.VIEW, segment.segment_id))
    keeper.replace(found.path, drop_entries(found.blob, {hinted.task_id}), found.version)
    with pytest.raises(Refused) as caught:
        ViewKeys(vault, "demo").hints(segment.segment_id, hinted.task_id)
    assert caught.value.reason is Reason.WITHDRAWN
    views.evict([hinted.task_id])
    with pytest.raises(Refused):
        views.hints(segment.segment_id, hinted.task_id)


def test_a_task_whose_hints_fit_no_document_is_refused(sealer):
    large = replace(task(1), hints=bytes(256 * 1024))
    batch = sealer.seal([large, task(2)], ids(), NOW)
    assert batch.refused[large.task_id].reason is Reason.MAPPING_TOO_LARGE
    assert [segment.task_ids for segment in batch.segments] == [(task(2).task_id,)]


def test_two_halves_together_open_exactly_one_tasks_values(vault, topics, written):
    tasks, segment = written
    document = unpack(vault.read(path_of(Layer.VALUES, segment.segment_id)).blob)
    shares = [share(half(vault, group, document), tasks[0].task_id) for group in "ab"]
    key = combine(*shares, project="demo", segment_id=segment.segment_id, task_id=tasks[0].task_id)

    def opened(one):
        return open_values(key, document, one, topics)

    assert opened(tasks[0]) == tasks[0].values
    for other in tasks[1:]:
        with pytest.raises(Undecryptable):
            opened(other)


def test_one_half_alone_opens_nothing(vault, topics, written):
    tasks, segment = written
    document = unpack(vault.read(path_of(Layer.VALUES, segment.segment_id)).blob)
    one = tasks[0]
    place = {"project": "demo", "segment_id": segment.segment_id, "task_id": one.task_id}
    half_a, half_b = half(vault, "a", document), half(vault, "b", document)
    a, b = share(half_a, one.task_id), share(half_b, one.task_id)
    nothing = SecretBytes(bytes(32))
    for pair in [(a, a), (b, b), (b, a), (a, nothing), (nothing, b)]:
        with pytest.raises(Undecryptable):
            open_values(combine(*pair, **place), document, one, topics)
    for alone in (half_a, half_b, a, b):
        with pytest.raises(Undecryptable):
            open_values(alone, document, one, topics)


def test_no_opener_takes_the_values_layer(vault):
    with pytest.raises(ValueError, match="no running process"):
        LayerReader(vault, "demo", Layer.VALUES)
    assert not any(
        "value" in name.lower() for name in vars(vault_opening()) if callable(vars(vault_opening())[name])
    )


def vault_opening():
    return vault.segments.opening


def test_no_value_and_no_geometry_is_anywhere_in_clear(store, topics, written):
    found = [blob for versions in store.documents.values() for blob in versions.values()]
    found += (
        [one.message.value for entries in topics.broker.partitions.values() for one in entries] if topics else []
    )
    for blob in found:
        assert b"jane" not in blob
        assert b"where-it-stood" not in blob


def test_sealing_needs_no_right_but_datakey_and_create(store):
    redact = MemoryVault(store, "demo", rights=lambda operation, target: operation in {"datakey", "create"})
    sealer = SegmentSealer(DataKeys(redact), SlotHalves(redact, "demo", SLOT), "demo", SLOT)
    for segment in sealer.seal([task(1)], ids(), NOW).segments:
        redact.create_all(segment.documents)


def test_keeper_drops_an_entry_with_no_key_and_the_others_still_open(store, vault, topics, written):
    tasks, segment = written
    keeper = MemoryVault(store, "demo", rights=lambda operation, target: operation in {"read", "replace"})
    for layer in Layer:
        found = keeper.read(path_of(layer, segment.segment_id))
        keeper.replace(found.path, drop_entries(found.blob, {tasks[0].task_id}), found.version)
    views, geometries = ViewKeys(vault, "demo"), Geometries(vault, "demo", topics=topics)
    for opens in (views.task_key, geometries.geometry):
        with pytest.raises(Refused) as caught:
            opens(segment.segment_id, tasks[0].task_id)
        assert caught.value.reason is Reason.WITHDRAWN
    assert views.task_key(segment.segment_id, tasks[1].task_id) == tasks[1].task_key
    assert geometries.geometry(segment.segment_id, tasks[1].task_id) == tasks[1].geometry


def test_an_evicted_task_does_not_open_although_vault_still_holds_it(vault, written):
    tasks, segment = written
    views = ViewKeys(vault, "demo")
    views.task_key(segment.segment_id, tasks[0].task_id)
    views.evict([tasks[0].task_id])
    with pytest.raises(Refused) as caught:
        views.task_key(segment.segment_id, tasks[0].task_id)
    assert caught.value.reason is Reason.WITHDRAWN
    assert views.task_key(segment.segment_id, tasks[1].task_id) == tasks[1].task_key


def test_a_task_evicted_while_its_document_is_read_is_not_handed_out(store, topics, written):
    tasks, segment = written
    geometries = []

    def evict_meanwhile(moment, operation, target):
        if (moment, operation) == ("after", "decrypt"):
            geometries[0].evict([tasks[0].task_id])

    geometries.append(Geometries(MemoryVault(store, "demo", hook=evict_meanwhile), "demo", topics=topics))
    with pytest.raises(Refused):
        geometries[0].geometry(segment.segment_id, tasks[0].task_id)


def test_a_destroyed_segment_is_unknown(vault, topics, written):
    tasks, segment = written
    vault.destroy(path_of(Layer.GEOMETRY, segment.segment_id))
    with pytest.raises(Refused) as caught:
        Geometries(vault, "demo", topics=topics).geometry(segment.segment_id, tasks[0].task_id)
    assert caught.value.reason is Reason.UNKNOWN_SEGMENT


def test_documents_and_keys_are_read_once(store, topics, written):
    tasks, segment = written
    seen = []
    reader = MemoryVault(store, "demo", hook=lambda moment, operation, target: seen.append((moment, operation)))
    geometries = Geometries(reader, "demo", topics=topics)
    for one in tasks:
        geometries.geometry(segment.segment_id, one.task_id)
    assert [operation for moment, operation in seen if moment == "before"] == ["read", "decrypt"]


def test_only_so_many_documents_are_kept(vault, topics, sealer):
    geometries = Geometries(vault, "demo", kept=2, topics=topics)
    next_id = ids()
    for number in range(5):
        one = task(number)
        (segment,) = sealer.seal([one], next_id, NOW).segments
        vault.create_all(segment.documents)
        geometries.geometry(segment.segment_id, one.task_id)
    assert len(geometries._reader._documents) == 2


def test_a_document_put_at_another_segments_place_is_refused(vault, sealer):
    next_id = ids()
    first, second = (sealer.seal([task(number)], next_id, NOW).segments[0] for number in (1, 1))
    vault.create(path_of(Layer.VIEW, second.segment_id), first.documents[0][1])
    with pytest.raises(Undecodable):
        ViewKeys(vault, "demo").task_key(second.segment_id, second.task_ids[0])


def test_an_entry_swapped_with_another_tasks_does_not_open(vault, written):
    tasks, segment = written
    path = path_of(Layer.VIEW, segment.segment_id)
    document = unpack(vault.read(path).blob)
    first, second = tasks[0].task_id, tasks[1].task_id
    document.entries[first], document.entries[second] = document.entries[second], document.entries[first]
    vault.replace(path, pack(document), 1)
    with pytest.raises(Undecryptable):
        ViewKeys(vault, "demo").task_key(segment.segment_id, first)


def test_a_batch_too_large_for_a_document_becomes_several_segments(vault):
    sealer = SegmentSealer(
        DataKeys(vault), SlotHalves(vault, "demo", SLOT), "demo", SLOT, max_document_bytes=10_000
    )
    tasks = [task(number, values=bytes(3000)) for number in range(7)]
    batch = sealer.seal(tasks, ids(), NOW)
    assert len(batch.segments) > 2
    assert [name for segment in batch.segments for name in segment.task_ids] == [one.task_id for one in tasks]
    assert all(len(blob) <= 10_000 for segment in batch.segments for _, blob in segment.documents)
    assert batch.segment_of()[tasks[6].task_id] == batch.segments[-1].segment_id


def test_a_task_larger_than_a_document_is_refused_and_the_rest_goes_on(sealer):
    huge, small = task(1, values=bytes(300_000)), task(2)
    batch = sealer.seal([huge, small], ids(), NOW)
    assert batch.refused[huge.task_id].reason is Reason.MAPPING_TOO_LARGE
    assert [segment.task_ids for segment in batch.segments] == [(small.task_id,)]


def test_an_empty_batch_makes_no_segment_and_asks_vault_for_nothing(store):
    silent = MemoryVault(store, "demo", rights=lambda operation, target: False)
    sealer = SegmentSealer(DataKeys(silent), SlotHalves(silent, "demo", SLOT), "demo", SLOT)
    assert sealer.seal([], ids(), NOW).segments == []


@given(st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 4000)), max_size=40), st.booleans())
def test_splitting_loses_nothing_and_no_document_exceeds_its_room(sizes, apart):
    tasks = [
        TaskContents(f"{index:032x}", SecretBytes(bytes(32)), bytes(left), bytes(right))
        for index, (left, right) in enumerate(sizes)
    ]
    groups = list(split(tasks, 5000, apart=apart))
    assert [one for group in groups for one in group] == tasks
    for group in groups:
        for layer in Layer:
            assert sum(one.sizes(apart=apart)[layer] for one in group) <= 5000


@given(st.integers(0, 300_000))
def test_the_size_of_an_entry_is_never_underestimated(length):
    one = TaskContents("a" * 32, SecretBytes(bytes(32)), b"", bytes(length))
    keys = (KeyReference("", "c"),)
    empty = len(pack(LayerDocument("demo", "s", Layer.VALUES, keys, {})))
    entries = {one.task_id: SealedBytes(bytes(length + 28))}
    full = len(pack(LayerDocument("demo", "s", Layer.VALUES, keys, entries)))
    assert full - empty <= one.sizes()[Layer.VALUES] <= full - empty + ENTRY_BYTES


def test_halves_are_made_once_an_hour_and_anew_after_a_restart(vault):
    first = SlotHalves(vault, "demo", SLOT)
    assert first.current(NOW) is first.current(NOW + 1)
    assert first.current(NOW + HOUR_MS) is not first.current(NOW)
    restarted = SlotHalves(vault, "demo", SLOT)
    assert restarted.current(NOW).references != first.current(NOW).references
    assert len(vault.names("half-a")) == len(vault.names("half-b"))


def test_halves_are_not_used_when_writing_one_of_them_failed(store):
    failing = [True]

    def hook(moment, operation, target):
        if failing[0] and (moment, operation) == ("before", "create") and target.startswith("half-b"):
            raise VaultUnavailable("away")

    halves = SlotHalves(MemoryVault(store, "demo", hook=hook), "demo", SLOT)
    with pytest.raises(VaultUnavailable):
        halves.current(NOW)
    failing[0] = False
    made = halves.current(NOW)
    vault = MemoryVault(store, "demo")
    assert all(vault.read(reference.document) is not None for reference in made.references)


@given(st.binary(max_size=200))
def test_foreign_bytes_are_undecodable(blob):
    with pytest.raises(Undecodable):
        unpack(b"\x03" + blob)
    for layout in (b"\x01", b"\x02"):
        with contextlib.suppress(Undecodable):
            unpack(layout + blob)


@given(st.dictionaries(st.text(max_size=8), st.binary(max_size=40), max_size=6), st.sets(st.text(max_size=8)))
def test_dropping_removes_exactly_the_named_entries(entries, dropped):
    keys = (KeyReference("w", "c"), KeyReference("", "c", "half-b/x"))
    document = LayerDocument(
        "demo", "s/1/1", Layer.VALUES, keys, {name: SealedBytes(data) for name, data in entries.items()}
    )
    blob = pack(document)
    assert unpack(blob) == document
    left = unpack(drop_entries(blob, dropped)).entries
    assert left == {name: sealed for name, sealed in document.entries.items() if name not in dropped}
    assert drop_entries(drop_entries(blob, dropped), dropped) == drop_entries(blob, dropped)


def test_every_truncation_of_a_document_is_undecodable():
    blob = pack(LayerDocument("demo", "s", Layer.VIEW, (KeyReference("w", "c"),), {"t": SealedBytes(b"abc")}))
    for length in range(len(blob)):
        with pytest.raises(Undecodable):
            unpack(blob[:length])
    with pytest.raises(Undecodable):
        unpack(blob + b"\0")


def test_task_content_opens_under_the_task_key_only(vault, written):
    tasks, segment = written
    content = seal(tasks[0].task_key, b"{}", task_binding("demo", tasks[0].task_id, 1))
    key = ViewKeys(vault, "demo").task_key(segment.segment_id, tasks[0].task_id)
    assert open_sealed(key, content, task_binding("demo", tasks[0].task_id, 1)) == b"{}"
