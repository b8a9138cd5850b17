"""Whoever touches an export is found, and the place named."""

from __future__ import annotations

import re
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.audit import note
from streams.audit.findings import Finding, FindingKind
from streams.audit.note import Algorithm, Verifier
from streams.audit.verify import Depth, Part, Trust, verify_export
from tests.streams.audit.generate import random_world, role_key
from tests.streams.audit.memory_audit import PINS, MemoryAudit, MemoryStore, checkpoint_of, sign
from tests.streams.audit.tampering import Files, Tamperer, Touched, entries_of, rebuilt

TAMPERINGS, LANES = 1_000, 10


@cache
def exported() -> tuple[Files, tuple[bytes, ...]]:
    """An export of three logs, one of them over a tile long; and its checkpoints, kept elsewhere."""
    audit, store = MemoryAudit().take(random_world(5, batches=40).placed()), MemoryStore()
    done = audit.export(store)
    assert done.findings == ()
    assert max(place.size for place in done.logs.values()) > 300
    return store.files, tuple(done.checkpoints.values())


def found_in(files: Files) -> tuple[Finding, ...]:
    _, kept = exported()
    return verify_export(MemoryStore(files), Trust(PINS, kept), Part(Depth.TREE)).findings


def names(finding: Finding, touched: Touched) -> bool:
    """Whether the finding says where it was done: the file, or a range of entries that holds the place."""
    place = re.fullmatch(r"(?P<log>[^#]+)#(?P<first>\d+)(-(?P<last>\d+))?", finding.where)
    if place is None:
        return finding.where in {touched.file, touched.log}
    if touched.file:
        return place["log"] == touched.log
    first = int(place["first"])
    overlaps = first <= touched.last + 1 and int(place["last"] or first) >= touched.first
    return place["log"] == touched.log and overlaps


def test_export_that_nobody_touched_holds():
    assert found_in(exported()[0]) == ()


@pytest.mark.parametrize("lane", range(LANES))
def test_every_tampering_is_found_and_its_place_named(lane):
    rng = Random(lane)
    tamperer = Tamperer(exported()[0], rng)
    for number in range(TAMPERINGS // LANES):
        way, touched = tamperer.touch()
        found = found_in(touched.files)
        assert any(names(it, touched) for it in found), (lane, number, way, touched.log, touched.first, found[:5])


@pytest.mark.parametrize(
    ("way", "kind"),
    [
        ("edit", FindingKind.EDITED),
        ("drop", FindingKind.DROPPED),
        ("insert", FindingKind.INSERTED),
        ("swap", FindingKind.MOVED),
        ("edit_with_tile", FindingKind.CHANGED),
        ("edit_with_all_tiles", FindingKind.CHANGED),
        ("truncate", FindingKind.TRUNCATED),
        ("replay", FindingKind.TRUNCATED),
        ("fork", FindingKind.REWRITTEN),
        ("sign_otherwise", FindingKind.CHECKPOINT),
        ("add_file", FindingKind.EXPORT),
        ("drop_log", FindingKind.TRUNCATED),
    ],
)
def test_what_was_done_is_called_what_it_is(way, kind):
    for seed in range(5):
        touched: Touched = getattr(Tamperer(exported()[0], Random(seed)), way)()
        found = found_in(touched.files)
        assert kind in {it.kind for it in found}, (seed, found)


def test_the_exact_entry_is_named_and_nothing_else():
    for seed in range(20):
        touched = Tamperer(exported()[0], Random(seed)).edit()
        assert [it.where for it in found_in(touched.files)] == [f"{touched.log}#{touched.first}"]


@cache
def small() -> tuple[Files, tuple[bytes, ...]]:
    audit, store = MemoryAudit().take(random_world(3, batches=1).placed()), MemoryStore()
    done = audit.export(store)
    return store.files, tuple(done.checkpoints.values())


@settings(deadline=None, max_examples=400)
@given(st.data())
def test_any_single_bit_that_is_flipped_in_any_file_is_found(data):
    files, _ = small()
    name = data.draw(st.sampled_from(sorted(files)))
    content = bytearray(files[name])
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    for trust in (Trust(), Trust(PINS)):
        assert not verify_export(MemoryStore({**files, name: bytes(content)}), trust, Part(Depth.TREE)).holds


@pytest.mark.parametrize("name", ["index.json", "pins.json", "schema.avsc", "audit.demo-1/checkpoint"])
@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"a": 1}', b"\xff", b"[" * 100_000])
def test_damaged_file_beside_the_tiles_is_a_finding_and_no_exception(name, content):
    files, _ = exported()
    rest = {other: data for other, data in files.items() if other != name}
    store = MemoryStore(rest if content is None else {**rest, name: content})
    assert not verify_export(store).holds


def test_cosignature_counts_by_its_witness_alone_and_an_older_note_of_it_shows_a_cut():
    files, _ = small()
    key = role_key("witness")
    witness = Verifier("witness.example", key.public_key().public_bytes_raw(), Algorithm.COSIGNATURE)
    name = next(it for it in sorted(files) if it.endswith("/checkpoint"))
    seen = note.parse(files[name])
    line = note.cosigned(witness, key.sign(note.cosignature_message(seen.text, 17)), 17)
    cosigned = str(seen.with_signature(line)).encode()
    store = MemoryStore({**files, name: cosigned})
    log = name.partition("/")[0]
    result = verify_export(store, Trust(PINS, witnesses=(witness,)), Part(Depth.TREE, log))
    assert (result.findings, result.witnessed) == ((), {log: {witness.name: 17}})
    bare = verify_export(MemoryStore(files), Trust(PINS, witnesses=(witness,)), Part(Depth.TREE, log))
    assert [it.kind for it in bare.findings] == [FindingKind.NOT_WITNESSED]
    first = entries_of(files, log)[:1]
    touched = rebuilt(files, log, first, sign(checkpoint_of(first, origin_of(files, log))))
    found = verify_export(MemoryStore(touched), Trust(PINS, (cosigned,)), Part(Depth.TREE, log)).findings
    assert FindingKind.TRUNCATED in {it.kind for it in found}


def origin_of(files: Files, log: str) -> str:
    return note.parse(files[f"{log}/checkpoint"]).text.partition("\n")[0]
