from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.leaf import digest
from streams.audit.chain import Head
from streams.audit.export import INDEX, LENGTH, PINS, SCHEMA, write_export
from streams.audit.findings import FindingKind
from streams.audit.verify import verify_export
from tests.streams.audit.generate import PROJECT, World, pins, random_world

unhurried = settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # each example rewrites the whole directory
)


@pytest.fixture
def made(tmp_path: Path) -> tuple[World, Path]:
    world = random_world(11)
    write_export(tmp_path, world.placed(), pins(), PROJECT)
    return world, tmp_path


def leaf_files(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.leaves"))


def kinds(directory: Path, **rest: object) -> set[FindingKind]:
    return {finding.kind for finding in verify_export(directory, **rest).findings}


@unhurried
@given(seed=st.integers(0, 2**32))
def test_export_of_a_random_log_verifies(tmp_path, seed):
    world = random_world(seed, batches=2)
    exported = write_export(tmp_path, world.placed(), pins(), PROJECT)
    verification = verify_export(tmp_path, pins())
    assert verification.findings == ()
    assert exported.events == verification.reconciliation.events == len(world.events())
    assert exported.heads == verification.heads
    assert verification.own_pins


@unhurried
@given(data=st.data())
def test_flipped_byte_anywhere_in_a_leaf_file_is_found_and_the_file_named(tmp_path, data):
    write_export(tmp_path, random_world(11, batches=2).placed(), pins(), PROJECT)
    path = data.draw(st.sampled_from(leaf_files(tmp_path)))
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    findings = verify_export(tmp_path, pins()).findings
    assert path.name in {finding.where.partition("#")[0] for finding in findings}


@unhurried
@given(data=st.data())
def test_truncated_leaf_file_is_found_and_named(tmp_path, data):
    write_export(tmp_path, random_world(11, batches=2).placed(), pins(), PROJECT)
    path = data.draw(st.sampled_from(leaf_files(tmp_path)))
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    findings = verify_export(tmp_path, pins()).findings
    assert path.name in {finding.where.partition("#")[0] for finding in findings}


def test_bytes_after_the_end_of_an_event_are_not_canonical(made):
    _, directory = made
    path = leaf_files(directory)[0]
    content = path.read_bytes()
    length = LENGTH.unpack(content[: LENGTH.size])[0]
    first, rest = content[LENGTH.size : LENGTH.size + length], content[LENGTH.size + length :]
    path.write_bytes(LENGTH.pack(length + 1) + first + b"\x00" + rest)
    found = [it for it in verify_export(directory).findings if it.kind is FindingKind.UNREADABLE]
    assert [it.where for it in found] == [f"{path.name}#0"]


def test_missing_leaf_file_is_found(made):
    _, directory = made
    leaf_files(directory)[0].unlink()
    assert FindingKind.EXPORT in kinds(directory)
    assert FindingKind.TRUNCATED in kinds(directory)


def test_file_the_index_does_not_name_is_found(made):
    _, directory = made
    (directory / "audit.demo-9.leaves").write_bytes(b"")
    found = verify_export(directory).findings
    assert [(it.kind, it.where) for it in found] == [(FindingKind.EXPORT, "audit.demo-9.leaves")]


@pytest.mark.parametrize("name", [INDEX, PINS, SCHEMA])
@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"a": 1}', b"\xff", b"[" * 100_000])
def test_damaged_companion_file_is_a_finding_and_no_exception(made, name, content):
    _, directory = made
    (directory / name).unlink() if content is None else (directory / name).write_bytes(content)
    assert not verify_export(directory).holds


@pytest.mark.parametrize(
    "heads", [[1], 1, {"a": 1}, {"a": {"sequence": "x", "digest": ""}}, {"a": {"sequence": 1}}]
)
def test_damaged_heads_in_the_index_are_a_finding(made, heads):
    _, directory = made
    index = json.loads((directory / INDEX).read_text())
    (directory / INDEX).write_text(json.dumps(index | {"heads": heads}))
    assert not verify_export(directory).holds


def test_verifiers_own_pins_count_not_those_in_the_export(made):
    """A forger may re-sign everything with own keys and lay the pins beside it."""
    _, directory = made
    stranger = pins()["join.demo"]
    assert FindingKind.CERTIFICATE in kinds(directory, pins=pins() | {"label.demo": stranger})
    assert not verify_export(directory).own_pins


def test_log_that_was_cut_with_its_index_is_found_only_against_a_kept_head(tmp_path):
    world = random_world(11)
    world.writer("label.demo.0").start()
    full = world.placed()
    kept = {it.event.slot: Head(it.event.sequence, digest(it.event)) for it in full}
    cut = [it for it in full if it.event.event_id != f"label.demo.0/{kept['label.demo.0'].sequence}"]
    write_export(tmp_path, cut, pins(), PROJECT)
    assert verify_export(tmp_path, pins()).holds
    found = verify_export(tmp_path, pins(), kept).findings
    assert [(it.kind, it.where) for it in found] == [
        (FindingKind.TRUNCATED, f"label.demo.0/{kept['label.demo.0'].sequence - 1}")
    ]


def test_second_export_replaces_the_first(made):
    _, directory = made
    world = random_world(12)
    write_export(directory, world.placed(), pins(), PROJECT)
    assert verify_export(directory, pins()).reconciliation.events == len(world.events())


def test_export_of_nothing_verifies(tmp_path):
    write_export(tmp_path / "deep" / "audit", [], pins(), PROJECT)
    assert verify_export(tmp_path / "deep" / "audit", pins()).holds


def test_directory_that_is_not_there_is_a_finding(tmp_path):
    assert FindingKind.EXPORT in kinds(tmp_path / "nowhere")
