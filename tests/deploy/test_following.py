"""Following a log file: whatever its writer does with it, each line comes once and in order, or a gap is told."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.following import LISTS, FollowedLog
from schemas.errors import LogUnavailable

MOST_FILES = 50


class Writer:
    """Writes numbered lines, and rotates as logrotate does."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "audit.jsonl"
        self.path.touch()
        self.written: list[bytes] = []
        self.half = b""

    def write(self, count: int) -> None:
        for _ in range(count):
            line = b'{"line": %d, "of": "%s"}' % (len(self.written), b"x" * (len(self.written) % 90))
            self.written.append(line)
            self.append(line[len(self.half) :] + b"\n")
            self.half = b""

    def begin_a_line(self) -> None:
        if not self.half:
            self.half = b'{"line": '
            self.append(self.half)

    def rename(self) -> None:
        if self.half:
            self.write(1)
        for number in range(MOST_FILES, 0, -1):
            if (older := self.named(number)).exists():
                older.rename(self.named(number + 1))
        self.path.rename(self.named(1))
        self.path.touch()

    def copy(self) -> None:
        if self.half:
            self.write(1)
        shutil.copy(self.path, self.named(1))

    def cut(self) -> None:
        self.path.write_bytes(b"")

    def named(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

    def append(self, data: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(data)


class Reader:
    """Reads on from where it was, as one that is started anew for each piece."""

    def __init__(self, path: Path, piece_bytes: int) -> None:
        self.path, self.piece_bytes = path, piece_bytes
        self.place = None
        self.lines: list[bytes] = []
        self.lost: list[str] = []

    def step(self) -> bool:
        return self.take(FollowedLog("vault", self.path, self.piece_bytes))

    def take(self, log: FollowedLog) -> bool:
        piece = log.read(self.place)
        self.place = piece.place
        self.lines += piece.lines
        self.lost += [piece.lost] if piece.lost else []
        return piece.at_end

    def to_the_end(self) -> None:
        while not self.step():
            pass


@given(
    st.lists(st.one_of(st.integers(1, 6), st.sampled_from(["half", "rename", "step", "end"])), max_size=25),
    st.data(),
)
def test_each_line_comes_once_and_in_order_through_rotation_and_restarts(acts, data):
    with TemporaryDirectory() as folder:
        writer = Writer(Path(folder))
        reader = Reader(writer.path, data.draw(st.sampled_from([150, 400, 100_000])))
        for act in acts:
            if isinstance(act, int):
                writer.write(act)
            else:
                {
                    "half": writer.begin_a_line,
                    "rename": writer.rename,
                    "step": reader.step,
                    "end": reader.to_the_end,
                }[act]()
        reader.to_the_end()
        assert (reader.lines, reader.lost) == (writer.written, [])


@pytest.fixture
def writer(tmp_path):
    return Writer(tmp_path)


@pytest.fixture
def reader(writer):
    return Reader(writer.path, 100_000)


def test_what_was_copied_away_before_it_was_read_is_read_from_the_copy(writer, reader):
    writer.write(3)
    reader.to_the_end()
    writer.write(3)
    writer.copy()
    writer.cut()
    writer.write(2)
    reader.to_the_end()
    assert (reader.lines, reader.lost) == (writer.written, [])


@pytest.mark.parametrize("late", [0, 2])
def test_a_copy_is_not_read_again_before_the_file_is_cut(writer, reader, late):
    writer.write(3)
    reader.to_the_end()
    writer.copy()
    reader.to_the_end()
    writer.cut()
    writer.write(late)
    reader.to_the_end()
    assert (reader.lines, reader.lost) == (writer.written, [])


def test_after_a_clock_was_set_back_no_line_comes_twice(writer, reader):
    writer.write(3)
    writer.rename()
    writer.write(2)
    reader.to_the_end()
    set_back = writer.named(1).stat().st_mtime_ns - 10**9
    os.utime(writer.path, ns=(0, set_back))
    reader.to_the_end()
    writer.write(2)
    os.utime(writer.path, ns=(0, set_back))
    reader.to_the_end()
    os.utime(writer.path, ns=(0, set_back + 2 * 10**9))
    reader.to_the_end()
    assert (reader.lines, reader.lost) == (writer.written, [])


@pytest.mark.parametrize("since", [1, 30], ids=["shorter than before", "grown beyond what it was"])
def test_file_that_was_cut_is_told_and_read_from_its_new_beginning(writer, reader, since):
    writer.write(3)
    reader.to_the_end()
    writer.path.write_bytes(b"")
    writer.write(since)
    reader.to_the_end()
    assert (reader.lines, reader.lost) == (writer.written, ["gone"])


def test_file_that_is_gone_is_told(writer, reader):
    writer.write(3)
    reader.to_the_end()
    writer.write(2)
    writer.path.unlink()
    writer.path.touch()
    writer.write(2)
    reader.to_the_end()
    assert (reader.lines, reader.lost) == ([*writer.written[:3], *writer.written[5:]], ["gone"])


def test_what_was_removed_unread_is_told_and_the_files_after_it_are_read(writer, reader):
    writer.write(2)
    reader.to_the_end()
    for number in range(1, 4):
        writer.rename()
        writer.write(2)
        os.utime(writer.path, ns=(0, writer.path.stat().st_mtime_ns + number * 10**9))
    writer.named(3).unlink()
    writer.named(2).unlink()
    reader.to_the_end()
    assert (reader.lines, reader.lost) == ([*writer.written[:2], *writer.written[4:]], ["gone"])


def test_a_file_that_was_put_aside_is_left_only_when_the_new_one_holds_something(writer, reader):
    """Logrotate's `create`: the new file is there before the writer is told."""
    writer.write(2)
    reader.to_the_end()
    writer.rename()
    reader.step()
    with writer.named(1).open("ab") as file:
        file.write(b"late\n")
    writer.write(1)
    reader.to_the_end()
    assert reader.lines == [*writer.written[:2], b"late", writer.written[2]]


@pytest.mark.parametrize("before", [0, 3])
def test_what_has_taken_the_name_of_a_file_meanwhile_is_not_taken_for_it(writer, reader, before):
    class Late(FollowedLog):
        def _all_files(self):
            found = super()._all_files()
            writer.rename()
            return found

    writer.write(before)
    reader.to_the_end()
    writer.write(2)
    with pytest.raises(LogUnavailable, match="was rotated meanwhile"):
        Late("vault", writer.path).read(reader.place)
    writer.write(2)
    reader.to_the_end()
    assert (reader.lines, reader.lost) == (writer.written, [])


class Listed(FollowedLog):
    """Where each list of the folder lacks the file of its turn, as it may while that one is renamed."""

    def __init__(self, path, lacking):
        super().__init__("vault", path)
        self._lacking = iter(lacking)

    def _files(self):
        lacks = next(self._lacking, None)
        return (it for it in super()._files() if it.path.name != lacks)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_file_that_is_missing_in_one_list_is_not_gone(writer, reader, number):
    writer.write(2)
    reader.to_the_end()
    for _ in range(2):
        writer.write(2)
        writer.rename()
    writer.write(2)
    name = writer.named(number).name if number else writer.path.name
    while not reader.take(Listed(writer.path, [name])):
        pass
    assert (reader.lines, reader.lost) == (writer.written, [])


def test_a_folder_whose_files_change_all_the_time_is_read_later(writer, reader):
    writer.write(2)
    with pytest.raises(LogUnavailable, match="is being rotated"):
        reader.take(Listed(writer.path, [writer.path.name, None] * LISTS))


def test_half_a_line_waits_for_its_end_and_comes_as_it_is_where_nobody_writes_any_more(writer, reader):
    writer.write(1)
    writer.begin_a_line()
    reader.to_the_end()
    assert reader.lines == writer.written
    writer.path.rename(writer.named(1))
    writer.half = b""
    writer.write(1)
    reader.to_the_end()
    assert reader.lines == [writer.written[0], b'{"line": ', writer.written[1]]


def test_line_that_is_longer_than_a_piece_comes_in_parts(writer, reader):
    writer.append(b"y" * 250_000 + b"\n")
    writer.write(1)
    reader.to_the_end()
    assert b"".join(reader.lines[:-1]) == b"y" * 250_000
    assert reader.lines[-1:] == writer.written


def test_log_that_is_not_there_is_waited_for(writer, reader):
    writer.path.unlink()
    with pytest.raises(LogUnavailable, match="there is no log"):
        reader.step()


def test_files_of_other_names_are_none_of_it(writer, reader):
    writer.path.with_name("audit.jsonl.1.gz").write_bytes(b"zipped\n")
    writer.path.with_name("audit.jsonl-notes").write_bytes(b"notes\n")
    writer.path.with_name("other.jsonl").write_bytes(b"other\n")
    writer.write(2)
    reader.to_the_end()
    assert reader.lines == writer.written
