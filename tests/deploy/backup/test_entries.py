"""Entries that lie apart from Vault get new places in a restored Kafka, and all others stay behind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploy.backup.entries import AT_A_TIME, Entries
from schemas.errors import Undecodable
from schemas.hidden import SealedBytes
from streams.engine.messages import Message
from tests.simulation.broker import Broker
from tests.simulation.segment_topics import MemorySegmentTopics
from tests.simulation.vault import MemoryVault, VaultStore
from vault.segments.apart import LAYERS, entries_at, topic_of
from vault.segments.document import Layer, LayerDocument, Place, pack, path_of, unpack

OLD = 1_000
"""Where the lost topics had come to."""


def name_of(number: int) -> str:
    return f"redact.demo.0/1/{number}"


class Ground:
    """Some segments whose entries lay on topics that are lost, and a backup's records of these."""

    def __init__(self, segments: int) -> None:
        self.vault = MemoryVault(VaultStore(), "demo")
        self.topics = MemorySegmentTopics(Broker({topic_of(layer, "demo"): 2 for layer in LAYERS}))
        self.names = [name_of(number) for number in range(segments)]
        self.backup: dict[Layer, list[Message]] = {}
        for layer in LAYERS:
            self.backup[layer] = [self._lost(layer, number) for number in range(segments)]

    def _lost(self, layer: Layer, number: int) -> Message:
        name, task = name_of(number), f"task-{number}"
        seeds = LayerDocument("demo", name, layer, (), {task: SealedBytes(b"seed")}, Place(0, OLD + number))
        self.vault.create(path_of(layer, name), pack(seeds))
        record = replace(seeds, entries={task: SealedBytes(f"{layer} {number}".encode())}, place=None)
        return Message(topic_of(layer, "demo"), 0, OLD + number, name.encode(), pack(record))

    def restored(self, first=0):
        offsets = {topic_of(layer, "demo"): ((first, OLD + 500), (0, 0)) for layer in LAYERS}
        self.entries = Entries(self.vault, self.topics, "demo", offsets)
        return self.entries.restored(self.names, self.backup)

    def entry(self, layer: Layer, number: int) -> bytes:
        document = unpack(self.vault.read(path_of(layer, name_of(number))).blob)
        return entries_at(self.topics, document)[f"task-{number}"].data

    def written(self) -> int:
        return sum(map(len, self.topics.broker.partitions.values()))


@pytest.mark.parametrize("segments", [0, 1, AT_A_TIME, 2 * AT_A_TIME + 1])
def test_every_entry_is_found_at_its_new_place(segments):
    ground = Ground(segments)
    check = ground.restored()
    assert check.holds
    assert check.found == f"{2 * segments:,} records"
    for layer in LAYERS:
        assert [ground.entry(layer, it) for it in range(segments)] == [
            f"{layer} {it}".encode() for it in range(segments)
        ]


def test_the_version_before_is_destroyed():
    ground = Ground(1)
    ground.restored()
    assert not ground.vault.holds(path_of(Layer.VALUES, name_of(0)), 1)


def test_what_no_segment_that_stands_has_is_left_behind():
    ground = Ground(3)
    ground.names = ground.names[:1]
    assert ground.restored().found == "2 records"
    assert ground.written() == 2


def test_what_the_backup_lacks_is_named():
    ground = Ground(2)
    del ground.backup[Layer.VALUES][1]
    check = ground.restored()
    assert check.failures == (f"values/{name_of(1)}: no entries",)


def test_a_record_of_another_segment_at_the_place_is_not_taken_for_its():
    ground = Ground(1)
    ground.backup[Layer.GEOMETRY] = [replace(ground.backup[Layer.GEOMETRY][0], key=b"redact.demo.0/1/77")]
    assert not ground.restored().holds


def test_what_had_expired_is_over_and_no_fault():
    ground = Ground(3)
    for layer in LAYERS:
        del ground.backup[layer][0]
    check = ground.restored(first=OLD + 1)
    assert (check.holds, check.found, ground.entries.over) == (True, "4 records", {name_of(0)})


def test_entries_whose_seed_is_gone_are_left_behind():
    ground = Ground(1)
    path, record = path_of(Layer.VALUES, name_of(0)), unpack(ground.backup[Layer.VALUES][0].value)
    whole = replace(record, entries={**record.entries, "withdrawn": SealedBytes(b"opens no more")})
    ground.backup[Layer.VALUES] = [replace(ground.backup[Layer.VALUES][0], value=pack(whole))]
    assert ground.restored().holds
    assert entries_at(ground.topics, unpack(ground.vault.read(path).blob)).keys() == {"task-0"}


def test_segments_that_lie_in_vault_are_left_as_they_are():
    ground = Ground(0)
    document = LayerDocument("demo", name_of(0), Layer.GEOMETRY, (), {"task-0": SealedBytes(b"sealed")})
    ground.vault.create(path_of(Layer.GEOMETRY, name_of(0)), pack(document))
    ground.names = [name_of(0)]
    assert ground.restored().holds
    assert ground.vault.read(path_of(Layer.GEOMETRY, name_of(0))).version == 1


def test_what_is_no_document_is_missed_elsewhere():
    ground = Ground(0)
    ground.vault.create(path_of(Layer.GEOMETRY, name_of(0)), b"nothing")
    with pytest.raises(Undecodable):
        unpack(b"nothing")
    ground.names = [name_of(0)]
    assert ground.restored().holds
