from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import StackError
from streams.audit import checkpoint, tiles
from streams.audit.entries import MAX_ENTRY, origin
from streams.audit.export import Exporter
from streams.audit.export_files import tile_of
from streams.audit.findings import FindingKind
from streams.audit.index import INDEX, NEXT, PINS, SCHEMA, BadIndex
from streams.audit.sealed import latest_notes
from streams.audit.store import Directory, Store
from streams.audit.tiles import Tile
from streams.audit.verify import Depth, Part, Trust, verify_export
from streams.engine.log import FROM_THE_BEGINNING
from streams.engine.messages import TopicPartition
from tests.streams.audit.generate import PROJECT, random_world
from tests.streams.audit.memory_audit import LOG, PREFIXES, MemoryAudit, MemoryStore, checkpoint_of, sign
from tests.streams.audit.memory_audit import PINS as KEYS

TOPIC = f"audit.{PROJECT}"
PLACE = TopicPartition(TOPIC, 0)
ORIGIN = origin(LOG, TOPIC, 0)
unhurried = settings(deadline=None, max_examples=40)
TREE = Part(Depth.TREE)
FRAME = b"\x00" + next(iter(PREFIXES)).to_bytes(4, "big")


def plain_audit(count: int, partition: int = 0) -> MemoryAudit:
    """Entries that are no events, which the tree does not mind."""
    audit = MemoryAudit()
    audit.add(TOPIC, partition, *(FRAME + b"%d" % n for n in range(count)))
    return audit


def cut(audit: MemoryAudit, size: int) -> dict[str, bytes]:
    return audit.checkpoints({PLACE: size})


def tile_named(name: str) -> Tile:
    tile = tile_of(name.partition("/")[2])
    assert tile is not None
    return tile


def of_its_size(files: Mapping[str, bytes], size: int) -> dict[str, bytes]:
    """Without the tiles of smaller sizes that stay until theirs is full."""
    now = {it.path() for it in tiles.tiles_of(size)}
    return {name: data for name, data in files.items() if "/tile/" not in name or name.partition("/")[2] in now}


def holds(store: Store) -> bool:
    return not verify_export(store, Trust(KEYS), TREE).findings


@unhurried
@given(seed=st.integers(0, 2**32))
def test_export_of_a_random_log_verifies(seed):
    world = random_world(seed, batches=2)
    audit, store = MemoryAudit().take(world.placed()), MemoryStore()
    exported = audit.export(store)
    found = verify_export(store, Trust(KEYS))
    assert found.findings == ()
    assert exported.findings == ()
    assert exported.events == exported.new == found.entries == len(world.events())
    assert found.reconciliations[PROJECT].events == len(world.events())
    assert found.own_pins
    assert exported.checkpoints == audit.checkpoints()


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(0, 900), min_size=1, max_size=5))
def test_exporting_in_steps_gives_the_same_files_as_at_once(sizes):
    audit, steps, once = plain_audit(max(sizes) + 7), MemoryStore(), MemoryStore()
    for size in sorted({it for it in sizes if it}):
        assert audit.export(steps, cut(audit, size)).findings == ()
        assert holds(steps)
    audit.export(steps)
    audit.export(once)
    assert of_its_size(steps.files, max(sizes) + 7) == once.files


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(1, 900), min_size=2, max_size=5))
def test_what_a_checkpoint_that_was_there_speaks_of_stays_until_the_full_tile_is_there(sizes):
    audit, store, seen = plain_audit(max(sizes)), MemoryStore(), dict[str, bytes]()
    for size in sorted(set(sizes)):
        audit.export(store, cut(audit, size))
        seen |= {name: data for name, data in store.files.items() if "/tile/" in name}
    for name, data in seen.items():
        full = f"{TOPIC}-0/{replace(tile_named(name), width=tiles.WIDTH).path()}"
        assert store.get(name) == data or full in store.files
        assert not (full in store.files and ".p/" in name and store.get(name))


def test_the_tree_has_the_files_of_the_specification():
    audit, store = plain_audit(600), MemoryStore()
    audit.export(store)
    found = {name.partition("/")[2] for name in store.files if name.startswith(f"{TOPIC}-0/")}
    assert found == {it.path() for it in tiles.tiles_of(600)} | {tiles.CHECKPOINT}
    assert set(store.files) - {f"{TOPIC}-0/{it}" for it in found} == {INDEX, PINS, SCHEMA}


def test_going_on_reads_only_what_is_new():
    audit, store = plain_audit(700), MemoryStore()
    audit.export(store, cut(audit, 650))
    audit.reads.clear()
    assert audit.export(store).new == 50
    assert min(audit.reads) == 2 * 650
    audit.reads.clear()
    assert audit.export(store).new == 0
    assert audit.reads == []


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 300), st.integers(1, 600), st.data())
def test_crash_at_any_write_leaves_the_log_before_or_after_and_the_next_export_goes_on(before, more, data):
    audit, store, whole = plain_audit(before + more), MemoryStore(), MemoryStore()
    if before:
        audit.export(store, cut(audit, before))
    store.left = data.draw(st.integers(0, 14))
    with contextlib.suppress(OSError):
        audit.export(store, cut(audit, before + more))
    store.left = None
    sizes = {it.checkpoint.size for it in verify_export(store, Trust(KEYS), TREE).logs.values()}
    assert sizes <= {before, before + more}
    if INDEX in store.files:
        assert holds(store)
    audit.add(TOPIC, 0, b"\x00\x00\x00\x00\x0bmore")
    assert audit.export(store).findings == ()
    audit.export(whole)
    assert of_its_size(store.files, before + more + 1) == whole.files


def test_large_leaf_lies_beside_the_tiles_and_is_verified():
    audit, store = plain_audit(3), MemoryStore()
    audit.add(TOPIC, 0, FRAME + bytes(MAX_ENTRY))
    audit.export(store)
    large = [name for name in store.files if name.startswith("large/")]
    assert len(large) == 1
    assert holds(store)
    rest = {name: data for name, data in store.files.items() if name != large[0]}
    for files in ({**rest, large[0]: store.files[large[0]] + b"\x00"}, rest):
        found = verify_export(MemoryStore(files), Trust(KEYS), TREE).findings
        assert [(it.kind, it.where) for it in found] == [(FindingKind.LARGE, large[0])]


def test_foreign_record_is_sealed_exported_and_a_finding():
    audit, store = plain_audit(3), MemoryStore()
    audit.add(TOPIC, 0, b"no event", None)
    assert audit.export(store).findings == ()
    found = verify_export(store, Trust(KEYS), TREE).findings
    assert [(it.kind, it.where) for it in found] == [(FindingKind.FOREIGN, f"{TOPIC}-0#{n}") for n in (3, 4)]
    assert b"no event" not in b"".join(store.files.values())


def kinds(audit: MemoryAudit, store: Store, checkpoints: dict[str, bytes]) -> list[FindingKind]:
    return [it.kind for it in audit.export(store, checkpoints).findings]


def test_forked_sealer_is_refused_and_the_log_stays_as_it_was():
    audit, store = plain_audit(700), MemoryStore()
    audit.export(store, cut(audit, 300))
    other = plain_audit(700)
    other.partitions[PLACE][400] = b"another"
    assert kinds(audit, store, other.checkpoints()) == [FindingKind.FORKED]
    assert holds(store)
    assert kinds(audit, store, audit.checkpoints()) == []


def test_sealer_that_goes_back_or_signs_two_roots_is_refused():
    audit, store = plain_audit(300), MemoryStore()
    audit.export(store)
    assert kinds(audit, store, cut(audit, 299)) == [FindingKind.FORKED]
    two = {ORIGIN: sign(checkpoint_of([b"x"] * 300, ORIGIN))}
    assert kinds(audit, store, two) == [FindingKind.FORKED]
    assert holds(store)


def test_checkpoint_by_another_key_or_of_another_log_is_refused():
    audit, store = plain_audit(3), MemoryStore()
    mine = checkpoint_of(audit.entries(PLACE), ORIGIN)
    assert kinds(audit, store, {ORIGIN: sign(mine, by="label.demo")}) == [FindingKind.CHECKPOINT]
    other = origin(LOG, TOPIC, 1)
    assert kinds(audit, store, {other: sign(mine)}) == [FindingKind.CHECKPOINT]
    assert kinds(audit, store, {ORIGIN: b"no note"}) == [FindingKind.CHECKPOINT]


def test_topic_that_ends_before_its_checkpoint_was_cut():
    audit, store = plain_audit(30), MemoryStore()
    checkpoints = audit.checkpoints()
    del audit.partitions[PLACE][20:]
    assert kinds(audit, store, checkpoints) == [FindingKind.TRUNCATED]
    assert holds(store)


def test_export_that_was_damaged_is_not_extended():
    audit, store = plain_audit(700), MemoryStore()
    audit.export(store, cut(audit, 600))
    name = f"{TOPIC}-0/tile/0/002.p/88"
    store.files[name] = bytes(32) + store.files[name][32:]
    assert kinds(audit, store, audit.checkpoints()) == [FindingKind.FORKED]


def test_log_of_another_name_goes_into_another_folder():
    audit, store = plain_audit(5), MemoryStore()
    audit.export(store)
    renamed = origin("other", TOPIC, 0)
    found = kinds(audit, store, {renamed: sign(checkpoint_of(audit.entries(PLACE), renamed))})
    assert found == [FindingKind.FORKED]


def test_of_a_partition_whose_log_was_named_anew_the_last_name_counts():
    old, new = (origin(name, TOPIC, 0) for name in (LOG, f"{LOG}-r20261201"))
    notes = [(old, b"1"), (origin(LOG, TOPIC, 1), b"of another"), (old, b"2"), (new, b"3"), (new, b"4")]
    assert latest_notes(notes) == {new: b"4", origin(LOG, TOPIC, 1): b"of another"}


def test_cosignatures_stay_where_the_checkpoint_is_the_same():
    audit, store = plain_audit(5), MemoryStore()
    audit.export(store)
    name = f"{TOPIC}-0/checkpoint"
    store.files[name] += "— witness AAAAAAAA\n".encode()
    store.files[INDEX] = store.files[INDEX]
    audit.export(store)
    assert store.files[name].endswith("— witness AAAAAAAA\n".encode())


def test_one_log_that_cannot_go_on_does_not_hold_up_the_others():
    audit = plain_audit(5)
    audit.add(TOPIC, 1, b"x", b"y")
    store, checkpoints = MemoryStore(), audit.checkpoints()
    checkpoints[ORIGIN] = sign(checkpoint_of([b"x"], ORIGIN))
    done = audit.export(store, checkpoints)
    assert [(it.kind, it.where) for it in done.findings] == [(FindingKind.FORKED, f"{TOPIC}-0")]
    assert done.logs[f"{TOPIC}-1"].size == 2


def test_new_pins_replace_the_old_ones_and_the_index_fits_them():
    audit, store = plain_audit(5), MemoryStore()
    audit.export(store)
    Exporter(store, [TOPIC], {**KEYS, "new": bytes(32)}, audit.read, audit.firsts, lambda _: PREFIXES).extend(
        audit.checkpoints()
    )
    assert b'"new"' in store.files[PINS]
    assert holds(MemoryStore(store.files))


def test_folder_of_something_else_is_refused():
    with pytest.raises(BadIndex):
        plain_audit(3).export(MemoryStore({"letter.txt": b"dear"}))
    with pytest.raises(BadIndex):
        plain_audit(3).export(MemoryStore({INDEX: b"{}"}))


def test_export_of_nothing_verifies():
    store = MemoryStore()
    plain_audit(3).export(store, {})
    assert verify_export(store, Trust(KEYS)).holds


def test_directory_keeps_files_and_shows_no_half_written_one(tmp_path):
    audit, store, memory = plain_audit(600), Directory(tmp_path / "deep" / "audit"), MemoryStore()
    audit.export(store, cut(audit, 500))
    audit.export(store)
    audit.export(memory, cut(audit, 500))
    audit.export(memory)
    assert {name: store.get(name) for name in store.names()} == memory.files
    assert store.get("not/there") is None
    assert store.get("index.json/below") is None
    assert (tmp_path / "deep" / "audit").stat().st_mode & 0o777 == 0o700
    assert not list(tmp_path.rglob("*.p/244"))
    for name in ("../out", "/etc/passwd", ""):
        with pytest.raises(ValueError, match="no name"):
            store.get(name)


def test_interrupted_export_says_so():
    audit, store = plain_audit(300), MemoryStore()
    audit.export(store, cut(audit, 100))
    store.left = 7
    with pytest.raises(OSError, match="down"):
        audit.export(store)
    assert f"{TOPIC}-0/{NEXT}" in store.files
    assert verify_export(store, Trust(KEYS), TREE).unfinished == (f"{TOPIC}-0",)
    assert checkpoint.parse(store.files[f"{TOPIC}-0/checkpoint"])[0].size == 100


class Overtaken(MemoryAudit):
    """Another export into the same place is made, once, while this one reads."""

    def overtaken(self, by: Callable[[], object]) -> None:
        self._by: Callable[[], object] | None = by

    def read(self, topic, after=FROM_THE_BEGINNING):
        for number, message in enumerate(super().read(topic, after)):
            by, self._by = (self._by, None) if number == 40 else (None, self._by)
            if by:
                by()
            yield message


def overtaken(count: int) -> Overtaken:
    audit = Overtaken(dict(plain_audit(count).partitions))
    audit.overtaken(lambda: None)
    return audit


def test_a_second_export_into_a_folder_is_refused_while_the_first_goes_on(tmp_path):
    audit, store = overtaken(300), Directory(tmp_path)
    refused: list[StackError] = []

    def second() -> None:
        with pytest.raises(StackError, match="one at a time") as raised:
            audit.export(Directory(tmp_path), cut(audit, 200))
        refused.append(raised.value)

    audit.overtaken(second)
    assert kinds(audit, store, cut(audit, 150)) == []
    assert len(refused) == 1
    assert holds(store)
    assert kinds(audit, store, cut(audit, 250)) == []
    assert holds(store)


@pytest.mark.parametrize("size", [150, 250, 200, 280])
def test_where_nothing_keeps_two_exports_apart_the_slower_one_puts_no_checkpoint_back(size):
    """In a bucket."""
    audit, store = overtaken(300), MemoryStore()
    audit.export(store, cut(audit, 100))
    audit.overtaken(lambda: audit.export(MemoryStore.sharing(store.files), cut(audit, 200)))
    assert kinds(audit, store, cut(audit, size)) == [FindingKind.FORKED]
    assert checkpoint.parse(store.files[f"{TOPIC}-0/checkpoint"])[0].size == 200
    assert kinds(audit, store, audit.checkpoints()) == []
    assert holds(store)
