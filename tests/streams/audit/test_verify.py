"""What is asked of a verifier that is not there, and an export that changes or was made to mislead it."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from streams.audit.checkpoint import Checkpoint
from streams.audit.entries import origin
from streams.audit.findings import FindingKind
from streams.audit.index import INDEX, PINS, Index, LogPlace, read_index
from streams.audit.note import Algorithm, Verifier
from streams.audit.store import Directory, Store
from streams.audit.verify import Depth, Part, Trust, verify_export
from tests.streams.audit.memory_audit import LOG as LOG_NAME
from tests.streams.audit.memory_audit import PINS as KEYS
from tests.streams.audit.memory_audit import MemoryStore, checkpoint_of, sign
from tests.streams.audit.test_export import FRAME, ORIGIN, TOPIC, TREE, cut, plain_audit

LOG = f"{TOPIC}-0"
WATCHING = Verifier(
    "witness.example", Ed25519PrivateKey.generate().public_key().public_bytes_raw(), Algorithm.COSIGNATURE
)


def found(store: Store, part: Part, *kept: bytes, witnesses: tuple[Verifier, ...] = ()) -> list[tuple]:
    result = verify_export(store, Trust(KEYS, kept, witnesses), part)
    return [(it.kind, it.where) for it in result.findings]


def two_logs() -> tuple[MemoryStore, dict[str, bytes]]:
    """One of 300 entries, one of 20; and their checkpoints."""
    audit, store = plain_audit(300), MemoryStore()
    audit.add(TOPIC, 1, *(FRAME + b"%d" % n for n in range(20)))
    audit.export(store)
    return store, audit.checkpoints()


@pytest.mark.parametrize("witnesses", [(), (WATCHING,)])
@pytest.mark.parametrize("name", [f"{TOPIC}-7", "audit.other-0", "../x", "", "a\x00b"])
def test_a_log_that_is_asked_for_and_not_there_is_a_finding(name, witnesses):
    store, _ = two_logs()
    assert found(store, Part(Depth.CHAINS, name), witnesses=witnesses)[0][0] == FindingKind.MISSING


def test_a_log_of_which_nothing_is_sealed_is_told_where_it_is_asked_for_by_name():
    audit, store = plain_audit(3), MemoryStore()
    store.left = 3  # the index names it, and its first file is not there
    with pytest.raises(OSError, match="down"):
        audit.export(store)
    assert found(store, TREE) == []
    assert found(store, Part(Depth.TREE, LOG)) == [(FindingKind.MISSING, LOG)]


@pytest.mark.parametrize(("first", "end"), [(300, 301), (10_000, 10_010), (290, 301)])
def test_a_range_beyond_the_end_is_a_finding(first, end):
    store, _ = two_logs()
    assert found(store, Part(Depth.TREE, LOG, 299, 300)) == []
    assert found(store, Part(Depth.TREE, LOG, first, end)) == [(FindingKind.MISSING, f"{LOG}#300")]


def test_one_log_is_compared_with_what_was_kept_of_it_alone():
    store, kept = two_logs()
    assert found(store, Part(Depth.CHAINS, LOG), *kept.values()) == found(store, Part(Depth.CHAINS, LOG))
    shorter = MemoryStore()
    plain_audit(299).export(shorter)
    assert found(shorter, Part(Depth.TREE, LOG), *kept.values()) == [(FindingKind.TRUNCATED, f"{LOG}#299")]


def test_a_log_that_was_seen_and_is_gone_is_told_where_it_alone_is_asked_for():
    _, kept = two_logs()
    rest = MemoryStore()
    plain_audit(300).export(rest)
    gone = found(rest, Part(Depth.TREE, f"{TOPIC}-1"), *kept.values())
    assert (FindingKind.TRUNCATED, origin(LOG_NAME, TOPIC, 1)) in gone
    assert found(rest, Part(Depth.TREE, LOG), *kept.values()) == []


def test_a_checkpoint_of_another_installation_is_compared_with_the_log_of_that_place():
    store, _ = two_logs()
    other = origin("other", TOPIC, 0)
    kept = sign(checkpoint_of([b"x"], other))
    assert found(store, Part(Depth.TREE, LOG), kept) == [(FindingKind.TRUNCATED, other)]


def test_what_was_kept_and_proves_nothing_is_told_whatever_is_asked_for():
    store, _ = two_logs()
    assert found(store, Part(Depth.TREE, LOG), b"no note") == [(FindingKind.CHECKPOINT, "kept")]


class Growing(MemoryStore):
    """Another export goes on in it, once, just before the read of this number."""

    def __init__(self, files: Mapping[str, bytes], at: int, grow: Callable[[MemoryStore], object]) -> None:
        super().__init__(files)
        self.left_over, self._grow = at, grow

    def get(self, name: str) -> bytes | None:
        self._count_reads()
        return super().get(name)

    def names(self, under: str = "") -> Iterator[str]:
        self._count_reads()
        return super().names(under)

    def _count_reads(self) -> None:
        self.left_over -= 1
        if self.left_over == 0:
            self._grow(MemoryStore.sharing(self.files))


@pytest.mark.parametrize("writes", [None, *range(1, 10)])
@pytest.mark.parametrize(("before", "after"), [(100, 150), (200, 300), (256, 257), (0, 5)])
def test_an_export_that_goes_on_beside_the_verification_harms_nothing(before, after, writes):
    """Or one that has got so many writes far, and stands there while the rest is verified."""
    audit, start = plain_audit(after), MemoryStore()
    kept, goal = cut(audit, before) if before else {}, audit.checkpoints()
    audit.export(start, kept)

    def grow(store: MemoryStore) -> None:
        store.left = writes
        with contextlib.suppress(OSError):
            audit.export(store, goal)

    number, done = 0, False
    while not done:
        number += 1
        growing = Growing(start.files, number, grow)
        assert found(growing, TREE, *kept.values()) == [], number
        assert found(MemoryStore(growing.files), TREE, *kept.values()) == [], number
        done = growing.left_over > 0
    assert number > 5


def test_an_export_that_goes_on_after_a_crash_beside_the_verification_harms_nothing():
    audit = plain_audit(300)
    kept, goal = cut(audit, 100), audit.checkpoints()
    for writes in range(3, 14):
        start = MemoryStore()
        audit.export(start, kept)
        start.left = writes
        with contextlib.suppress(OSError):
            audit.export(start, goal)
        for number in range(1, 26):
            growing = Growing(start.files, number, lambda store: audit.export(store, goal))
            assert found(growing, TREE, *kept.values()) == [], (number, writes)


def test_a_bit_that_is_flipped_in_a_tile_of_a_smaller_size_is_found():
    audit, store = plain_audit(300), MemoryStore()
    for size in (260, 280, 300):
        audit.export(store, cut(audit, size))
    older = [name for name in store.files if name.rpartition("/")[2] in {"4", "24"}]
    assert len(older) == 4
    for name in older:
        for data in (b"\x01" + store.files[name][1:], store.files[name][:-1], store.files[name] + b"\x00", b""):
            touched = MemoryStore({**store.files, name: data})
            for part in (TREE, Part(Depth.TREE, LOG)):
                assert found(touched, part) == [(FindingKind.TILE, name)]


@pytest.mark.parametrize("row", ["entries", "0"])
def test_a_partial_tile_that_is_gone_is_read_from_the_full_one(row):
    audit, store = plain_audit(600), MemoryStore()
    audit.export(store, cut(audit, 400))
    audit.export(whole := MemoryStore())
    name = f"{LOG}/tile/{row}/001"
    del store.files[f"{name}.p/144"]
    assert found(store, TREE)[0] == (FindingKind.MISSING, f"{name}.p/144")
    store.files[name] = whole.files[name]
    assert found(store, Part(Depth.TREE, LOG), cut(audit, 300)[ORIGIN]) == []
    assert found(store, TREE) == [(FindingKind.EXPORT, name)]  # nothing says that the log goes on
    store.files[name] = whole.files[name][:-1]
    assert found(store, Part(Depth.TREE, LOG)) != []


class Killed(BaseException):
    """The process ends here, whatever it was about to write."""


def test_a_crash_within_a_file_leaves_the_log_as_it_was(tmp_path, monkeypatch):
    audit, fsync = plain_audit(300), os.fsync
    kept, goal = cut(audit, 100), audit.checkpoints()
    for number in itertools.count(1):
        folder, left = tmp_path / str(number), itertools.count(1)
        audit.export(Directory(folder), kept)

        def dying(handle: int, left: Iterator[int] = left, at: int = number) -> None:
            if next(left) == at:
                raise Killed
            fsync(handle)

        with monkeypatch.context() as within:
            within.setattr(os, "fsync", dying)
            try:
                audit.export(Directory(folder), goal)
            except Killed:
                pass
            else:
                break
        assert found(Directory(folder), TREE, *kept.values()) == [], number
        audit.export(Directory(folder), goal)
        assert found(Directory(folder), TREE, *kept.values()) == []
        assert not list(folder.rglob(".*.part"))
    assert number > 15


def test_a_file_that_a_crash_left_half_is_told_as_an_export_that_goes_on():
    store, _ = two_logs()
    halves = [
        f"{LOG}/.checkpoint.next.part",
        ".index.json.part",
        f"{LOG}/tile/0/.000.part",
        f"{LOG}/.{'0f' * 8}.new",
    ]
    left = MemoryStore(store.files | dict.fromkeys(halves, b"ha"))
    result = verify_export(left, Trust(KEYS), TREE)
    assert (result.findings, result.unfinished) == ((), (LOG,))


@pytest.mark.parametrize(
    "name",
    [
        *(".letter.part", "index.json.part", "..index.json.part.part", ".part", f".{'0f' * 8}.new"),
        *(f"{LOG}/.index.json.part", f"{LOG}/tile/0/.001.part", f"{LOG}/..part", f"{LOG}/tile/.{'0f' * 8}.new"),
        f"{TOPIC}-9/.checkpoint.part",
    ],
)
def test_no_other_hidden_file_belongs_to_an_export(name):
    store, _ = two_logs()
    assert found(MemoryStore({**store.files, name: b"ha"}), TREE) == [(FindingKind.EXPORT, name)]


def written(folder: Path) -> Path:
    """An export in a folder, with one log."""
    plain_audit(300).export(Directory(folder))
    return folder


def with_log(topic: str) -> bytes:
    """An index that names a log of this topic, too."""
    store = MemoryStore()
    plain_audit(300).export(store)
    index, place = read_index(store.files[INDEX]), LogPlace(f"x/{topic}/0", topic, 0)
    return Index({**index.logs, place.name: place}, index.files).data()


@pytest.mark.parametrize(
    "topic", ["../x", "audit./x", "audit.\x00", "/etc/x", "audit.", "audit.X", "audit." + "a" * 244]
)
def test_an_index_that_names_what_can_be_no_log_is_a_finding_and_no_exception(tmp_path, topic):
    (written(tmp_path) / INDEX).write_bytes(with_log(topic))
    assert found(Directory(tmp_path), TREE)[0] == (FindingKind.EXPORT, INDEX)
    assert found(Directory(tmp_path), Part(Depth.TREE, f"{topic}-0"))[-1][0] == FindingKind.MISSING


def test_a_log_whose_folder_no_disk_can_have_is_not_there(tmp_path):
    (written(tmp_path) / INDEX).write_bytes(with_log("audit." + "a" * 243))
    assert found(Directory(tmp_path), TREE) == []


def linked_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def linked_to_a_copy(path: Path) -> None:
    path.symlink_to(path.with_name("elsewhere"))


def folder(path: Path) -> None:
    path.mkdir()


def longer_than_any(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**40)


@pytest.mark.parametrize("instead", [os.mkfifo, linked_to_itself, linked_to_a_copy, folder, longer_than_any])
@pytest.mark.parametrize(
    "name", [INDEX, PINS, f"{LOG}/checkpoint", f"{LOG}/tile/0/000", f"{LOG}/tile/entries/001.p/44"]
)
def test_what_is_no_plain_file_of_such_a_length_is_as_good_as_missing(tmp_path, name, instead):
    path = written(tmp_path) / name
    missing = MemoryStore({it: Directory(tmp_path).get(it) or b"" for it in Directory(tmp_path).names()})
    del missing.files[name]
    path.rename(path.with_name("elsewhere") if instead is linked_to_a_copy else tmp_path.with_name("away"))
    instead(path)
    assert set(found(missing, TREE)) <= set(found(Directory(tmp_path), TREE))


def test_what_lies_in_an_export_is_printed_without_what_a_terminal_acts_on(tmp_path):
    name = "\x1b]0;owned\x07\x1b[2J"
    written(tmp_path)
    for raw in (os.fsencode(name), b"a\xff"):
        (Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + raw))).mkdir()
        (Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + raw)) / "checkpoint").write_bytes(b"x")
    index = read_index((tmp_path / INDEX).read_bytes())
    place = replace(index.logs[LOG], origin=f"{name}/{TOPIC}/0")
    (tmp_path / INDEX).write_bytes(Index({LOG: place}, {**index.files, name: ()}).data())
    result = verify_export(Directory(tmp_path), Trust(KEYS, (b"x",)), Part(Depth.TREE))
    said = "".join(f"{it}{it.as_json()}" for it in result.findings)
    assert len(result.findings) >= 4
    assert said.isprintable()


def test_a_size_that_no_file_bears_out_is_one_finding_and_not_looked_for(tmp_path):
    """Without pins of one's own whoever made the export has signed it, whatever it says."""
    store, _ = two_logs()
    name = f"{LOG}/checkpoint"
    store.files[name] = sign(Checkpoint(ORIGIN, 2**62, bytes(32)))
    assert (FindingKind.MISSING, f"{LOG}/tile/entries") in found(store, TREE)
