"""A part of an export that goes back further than its topic does: copied, gone on with, and whole."""

from __future__ import annotations

import pytest

from streams.audit.copying import copy_logs
from streams.audit.entries import MAX_ENTRY
from streams.audit.findings import FindingKind
from streams.audit.index import INDEX, PINS, SCHEMA, BadIndex
from streams.audit.verify import Depth, Part, Trust, verify_export
from streams.engine.messages import TopicPartition
from tests.streams.audit.memory_audit import PINS as KEYS
from tests.streams.audit.memory_audit import PREFIXES, MemoryAudit, MemoryStore

MINE, OTHER = "audit.mine", "audit.other"
FRAME = b"\x00" + next(iter(PREFIXES)).to_bytes(4, "big")
BEFORE, AFTER = 300, 20


def entries(topic: str, first: int, count: int) -> list[bytes]:
    """No events, which the tree does not mind; every hundredth is large."""
    said = [f"{topic} {n}".encode() for n in range(first, first + count)]
    return [FRAME + (one.ljust(MAX_ENTRY + 1) if n % 100 == 7 else one) for n, one in enumerate(said, first)]


@pytest.fixture
def audit():
    made = MemoryAudit()
    for topic in (MINE, OTHER):
        made.add(topic, 0, *entries(topic, 0, BEFORE))
    made.add(MINE, 1, *entries(MINE, 1_000, AFTER))
    return made


@pytest.fixture
def kept(audit):
    """Somebody's export of all of it."""
    store = MemoryStore()
    audit.export(store)
    return store


def copied(kept: MemoryStore, topic: str = MINE) -> MemoryStore:
    store = MemoryStore()
    copy_logs(kept, store, {topic}, KEYS)
    return store


def only(audit: MemoryAudit, topic: str) -> MemoryAudit:
    """With what a project's exporter reads."""
    audit.partitions = {place: values for place, values in audit.partitions.items() if place.topic == topic}
    return audit


def test_what_expired_meanwhile_is_in_an_export_that_goes_on_with_a_copy(audit, kept):
    store = copied(kept)
    audit.add(MINE, 0, *entries(MINE, BEFORE, AFTER))
    audit.expired = {TopicPartition(MINE, 0): BEFORE - 1}
    done = only(audit, MINE).export(store)
    assert (done.findings, done.new) == ((), AFTER)
    found = verify_export(store, Trust(KEYS), Part(Depth.TREE))
    assert (found.findings, found.entries) == ((), BEFORE + AFTER + AFTER)


def test_without_it_there_is_no_such_export(audit):
    audit.expired = {TopicPartition(MINE, 0): 1}
    assert {it.kind for it in only(audit, MINE).export(MemoryStore()).findings} == {FindingKind.EXPIRED}


def test_nothing_of_other_projects_is_in_the_copy(kept):
    files = copied(kept).files
    assert {name.partition("/")[0] for name in files} == {INDEX, "large", f"{MINE}-0", f"{MINE}-1"}
    assert sum(name.startswith("large/") for name in files) == len({7, 107, 207, 1_007})
    assert not [name for name, data in files.items() if OTHER.encode() in data]
    assert {PINS, SCHEMA} <= set(kept.files)


def test_what_is_no_export_or_has_none_of_the_logs_is_refused(kept):
    for store in (MemoryStore(), MemoryStore({INDEX: b"{}"})):
        with pytest.raises(BadIndex, match="damaged"):
            copied(store)
    with pytest.raises(BadIndex, match=r"nothing of audit\.third is in it"):
        copied(kept, "audit.third")


@pytest.mark.parametrize("file", [f"{MINE}-0/tile/entries/000", f"{MINE}-0/tile/0/000"])
def test_a_damaged_export_is_not_gone_on_with(kept, file):
    whole = kept.files[file]
    kept.files[file] = whole[:-1] + b"~"
    with pytest.raises(BadIndex, match="damaged"):
        copied(kept)
    del kept.files[file]
    with pytest.raises(BadIndex, match="damaged"):
        copied(kept)


def test_an_export_without_a_large_entry_is_not_gone_on_with(kept):
    del kept.files[
        next(name for name, data in kept.files.items() if name.startswith("large/") and b"mine" in data)
    ]
    with pytest.raises(BadIndex, match="damaged"):
        copied(kept)
