from __future__ import annotations

import os

import hyperscan as hs
import pytest

from streams.redact.detect.kept import kept


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


class Builds:
    """Builds a database, and counts how often."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> hs.Database:
        self.count += 1
        database = hs.Database(mode=hs.HS_MODE_BLOCK)
        database.compile(expressions=[rb"\b\d+\b"], ids=[7], flags=[hs.HS_FLAG_SOM_LEFTMOST])
        return database


def matches(database: hs.Database) -> list[tuple[int, int, int]]:
    found: list[tuple[int, int, int]] = []
    database.scan(b"a 12 b", match_event_handler=lambda number, start, end, *_: found.append((number, start, end)))
    return found


def test_what_was_built_once_is_read_back_and_finds_the_same():
    builds = Builds()
    assert matches(kept("one", builds)) == matches(kept("one", builds)) == [(7, 2, 4)]
    assert builds.count == 1


def test_other_expressions_are_built_anew():
    builds = Builds()
    kept("one", builds)
    kept("two", builds)
    assert builds.count == 2


def only_file(home):
    [file] = (home / "veilstream" / "patterns").iterdir()
    return file


def test_a_damaged_file_is_built_anew(home):
    builds = Builds()
    kept("one", builds)
    data = bytearray(only_file(home).read_bytes())
    data[-1] ^= 1
    only_file(home).write_bytes(bytes(data))
    assert matches(kept("one", builds)) == [(7, 2, 4)]
    assert builds.count == 2


@pytest.mark.parametrize("shared", ["file", "folder"])
def test_what_others_could_have_written_is_not_read(home, shared):
    builds = Builds()
    kept("one", builds)
    place = only_file(home)
    (place if shared == "file" else place.parent).chmod(0o777)
    kept("one", builds)
    assert builds.count == 2


def test_a_link_in_the_place_of_a_file_is_not_followed(home):
    builds = Builds()
    kept("one", builds)
    place = only_file(home)
    place.rename(home / "elsewhere")
    place.symlink_to(home / "elsewhere")
    assert matches(kept("one", builds)) == [(7, 2, 4)]
    assert builds.count == 2
    assert not place.is_symlink(), "the database made anew takes its place"


def test_a_file_of_another_user_is_not_read(home, monkeypatch):
    builds = Builds()
    kept("one", builds)
    others = os.stat_result((0o100600, 0, 0, 1, os.geteuid() + 1, 0, 0, 0, 0, 0))
    monkeypatch.setattr(os, "fstat", lambda _: others)
    kept("one", builds)
    assert builds.count == 2


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(home):
    builds = Builds()
    kept("one", builds)
    place = only_file(home)
    place.unlink()
    os.mkfifo(place, 0o600)
    kept("one", builds)
    assert builds.count == 2


def test_a_database_that_cannot_be_written_leaves_nothing_behind(home):
    builds = Builds()
    kept("one", builds)
    place = only_file(home)
    place.unlink()
    place.mkdir()
    (place / "in the way").touch()
    assert matches(kept("one", builds)) == [(7, 2, 4)]
    assert list(place.parent.iterdir()) == [place]


def test_what_nobody_read_for_a_month_is_removed(home):
    kept("one", Builds())
    old = only_file(home)
    os.utime(old, (0, 0))
    kept("two", Builds())
    assert only_file(home) != old


def test_without_a_folder_to_write_every_process_builds(home, monkeypatch):
    (home / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "file"))
    builds = Builds()
    assert matches(kept("one", builds)) == [(7, 2, 4)]
    kept("one", builds)
    assert builds.count == 2
