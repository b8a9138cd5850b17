"""Putting a log aside: its writer goes on in the file it has open until it is told."""

from __future__ import annotations

import threading

import pytest

from deploy.local.rotation import Rotation
from tests.support.waiting import wait_for


class Writer:
    """Keeps its file open, as Vault does, and opens it anew when it is told."""

    def __init__(self, path) -> None:
        self.path, self.opened = path, 1
        self.file = path.open("ab", buffering=0)

    def reopen(self) -> None:
        self.file.close()
        self.file = self.path.open("ab", buffering=0)
        self.opened += 1

    def write(self, line: bytes) -> None:
        self.file.write(line + b"\n")


@pytest.fixture
def writer(tmp_path):
    found = Writer(tmp_path / "audit.jsonl")
    yield found
    found.file.close()


def rotation(writer, older: int = 3, reopen=None, **others) -> Rotation:
    return Rotation(writer.path, reopen or writer.reopen, limit_bytes=10, older=older, **others)


def files(writer) -> dict[str, bytes]:
    return {path.name.removeprefix("audit.jsonl"): path.read_bytes() for path in writer.path.parent.iterdir()}


def test_a_small_log_is_left_alone(writer):
    writer.write(b"small")
    rotation(writer).look()
    assert files(writer) == {"": b"small\n"}
    assert writer.opened == 1


def test_a_large_one_is_put_aside_and_the_oldest_go(writer):
    for number in range(6):
        writer.write(b"line %d %s" % (number, b"x" * 10))
        rotation(writer).look()
    writer.write(b"new")
    found = {name: data.split()[1] for name, data in files(writer).items() if name}
    assert found == {".1": b"5", ".2": b"4", ".3": b"3"}
    assert files(writer)[""] == b"new\n"


def test_what_is_written_before_the_writer_is_told_is_in_the_file_that_was_put_aside(writer):
    def late() -> None:
        writer.write(b"late")
        writer.reopen()

    writer.write(b"x" * 10)
    rotation(writer, reopen=late).look()
    writer.write(b"new")
    assert files(writer) == {".1": b"x" * 10 + b"\nlate\n", "": b"new\n"}


def test_a_writer_that_was_not_told_is_told_at_the_next_look(writer):
    writer.write(b"x" * 10)
    rotation(writer, reopen=lambda: None).look()
    assert not writer.path.exists()
    rotation(writer).look()
    writer.write(b"new")
    assert files(writer) == {".1": b"x" * 10 + b"\n", "": b"new\n"}


def test_a_shift_that_was_cut_short_costs_no_file(writer):
    for number in range(3):
        writer.write(b"line %d %s" % (number, b"x" * 10))
        rotation(writer).look()
    writer.write(b"line 3 %s" % (b"x" * 10))
    for number in (3, 2, 1):
        writer.path.with_name(f"audit.jsonl.{number}").rename(writer.path.with_name(f"audit.jsonl.{number + 1}"))
    writer.path.with_name("audit.jsonl.4").unlink()
    rotation(writer).look()
    assert {name: data.split()[1] for name, data in files(writer).items() if name} == {
        ".1": b"3", ".2": b"2", ".3": b"1",
    }  # fmt: skip


def test_before_there_is_a_log_nobody_is_told_anything(writer):
    writer.path.unlink()
    rotation(writer).look()
    assert writer.opened == 1


def test_it_looks_by_itself_until_it_is_stopped(writer):
    told = threading.Event()

    def reopen() -> None:
        writer.reopen()
        told.set()

    looking = rotation(writer, reopen=reopen, every_s=0.01)
    looking.start()
    writer.write(b"x" * 10)
    wait_for(told.is_set, "the log is put aside")
    looking.stop()
    writer.write(b"y" * 10)
    assert files(writer)[""] == b"y" * 10 + b"\n"
