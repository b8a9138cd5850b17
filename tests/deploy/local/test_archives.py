"""When the archives of Java's classes are made and used; that the real parts run on theirs: `test_stack.py`."""

from __future__ import annotations

import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from deploy.local import archives
from deploy.local.archives import archived
from deploy.local.part import Command
from deploy.local.runner import Archive, Programs
from schemas.errors import StackError

CONTENT = b"classes"


class Java:
    """Records what it is told to."""

    def __init__(self) -> None:
        self.runs: list[set[str]] = []
        self.said: list[str] = []

    def record(self, programs: Programs, scratch: Path) -> None:
        self.runs.append(set(programs.archives))
        for archive in programs.archives.values():
            assert archive.recorded
            assert scratch in archive.path.parents
            archive.path.write_bytes(CONTENT)


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    for name in ("java/bin/java", "java/release", "kafka.jar", "runner.jar", "cache/download.jar"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return Programs(
        tmp_path / "java/bin/java", tmp_path / "bao", (tmp_path / "kafka.jar",), (tmp_path / "runner.jar",)
    )


@pytest.fixture
def cache(programs: Programs, tmp_path: Path) -> Path:
    return tmp_path / "cache"


def kept(cache: Path) -> list[str]:
    return sorted(path.name.partition("-")[0] for path in cache.iterdir() if path.suffix == ".aot")


def test_archives_are_made_once_and_nothing_else_is_left(programs: Programs, cache: Path):
    java = Java()
    first, second = (archived(programs, cache, java.said.append, java.record) for _ in range(2))
    assert java.runs == [{"kafka", "registry"}]
    assert len(java.said) == 1
    assert first == second
    assert {it.path.read_bytes() for it in second.archives.values()} == {CONTENT}
    assert second.archive_flags("kafka")[-1] == f"-XX:AOTCache={second.archives['kafka'].path}"
    assert len(list(cache.iterdir())) == 2 + len(("download.jar", ".archives.lock"))


def test_stacks_that_start_at_once_make_them_once(programs: Programs, cache: Path):
    java, met = Java(), threading.Barrier(4)

    def start(_: int) -> Programs:
        met.wait()
        return archived(programs, cache, java.said.append, java.record)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(start, range(4)))
    assert len(java.runs) == 1
    assert all(it.archives.keys() == {"kafka", "registry"} for it in found)


def test_only_what_is_missing_is_recorded(programs: Programs, cache: Path):
    java = Java()
    alone = Programs(programs.java, programs.openbao, programs.kafka)
    assert archived(alone, cache, java.said.append, java.record).archives.keys() == {"kafka"}
    archived(programs, cache, java.said.append, java.record)
    assert java.runs == [{"kafka"}, {"registry"}]


def test_a_stack_without_kafka_and_registry_records_nothing(programs: Programs, tmp_path: Path):
    java = Java()
    vault = Programs(programs.java, programs.openbao)
    assert archived(vault, tmp_path / "none", java.said.append, java.record) == vault
    assert java.runs == []


@pytest.mark.parametrize("changed", ["java/release", "kafka.jar"])
def test_another_java_and_other_files_have_archives_of_their_own(
    programs: Programs, cache: Path, tmp_path: Path, changed: str
):
    java = Java()
    before = archived(programs, cache, java.said.append, java.record)
    (tmp_path / changed).write_text("another version")
    after = archived(programs, cache, java.said.append, java.record)
    assert before.archives["kafka"] != after.archives["kafka"]


def test_a_file_that_was_copied_has_another_archive_since_java_takes_the_old_one_no_more(
    programs: Programs, cache: Path
):
    java = Java()
    before = archived(programs, cache, java.said.append, java.record)
    os.utime(programs.kafka[0], (1, 1))
    assert before.archives["kafka"] != archived(programs, cache, java.said.append, java.record).archives["kafka"]


def test_what_can_not_be_recorded_is_said_once_and_the_parts_start_without(programs: Programs, cache: Path):
    java = Java()

    def fail(_: Programs, scratch: Path) -> None:
        java.runs.append(set())
        raise StackError(f"kafka ended while starting, {scratch}")

    for _ in range(2):
        found = archived(programs, cache, java.said.append, fail)
        assert found.archives == {}
        assert found.archive_flags("kafka") == ()
    assert len(java.runs) == 1
    assert java.said[1:] == ["Java's archives could not be made, starts stay as long as they were (StackError)"]


def test_what_may_be_half_written_is_not_used(programs: Programs, cache: Path):
    def cut_short(programs: Programs, _: Path) -> None:
        programs.archives["registry"].path.write_bytes(CONTENT)
        raise TimeoutError

    assert archived(programs, cache, lambda _: None, cut_short).archives == {}


def test_on_a_full_disk_nothing_is_recorded_and_nothing_given_up(
    programs: Programs, cache: Path, monkeypatch: pytest.MonkeyPatch
):
    java = Java()
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
        assert archived(programs, cache, java.said.append, java.record).archives == {}
    assert kept(cache) == []
    assert archived(programs, cache, java.said.append, java.record).archives.keys() == {"kafka", "registry"}


def test_a_tool_of_a_part_uses_its_archive_and_records_none():
    for recorded, expected in ((True, ()), (False, Archive(Path("/k")).flags())):
        programs = Programs(Path("/java"), Path("/bao"), archives={"kafka": Archive(Path("/k"), recorded)})
        assert programs.archive_flags("kafka", tool=True) == expected
        assert programs.archive_flags("kafka") != ()
        assert programs.archive_flags("registry") == ()


def test_what_a_killed_one_has_left_is_gone_after_the_next(programs: Programs, cache: Path):
    (cache / ".archives-left" / "root").mkdir(parents=True)
    archived(programs, cache, lambda _: None, Java().record)
    assert not list(cache.glob(".archives-*"))


def test_who_gives_up_waits_for_no_part_and_none_runs_on(tmp_path: Path):
    class Sleeping:
        ready_within_s = 600.0

        def __init__(self, name: str) -> None:
            self.name = name

        def prepare(self) -> None:
            pass

        def command(self) -> Command:
            return Command(("/bin/sleep", "600"), {}, tmp_path)

        def ready(self) -> bool:
            return False

    runs = [archives._Run(Sleeping(name), tmp_path / name) for name in ("kafka", "registry")]
    given_up = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        ended = [pool.submit(run.whole, given_up) for run in runs]
        given_up.set()
        assert {str(it.exception()) for it in ended} == {
            "The start of kafka was given up.",
            "The start of registry was given up.",
        }
    assert not [it for it in psutil.Process().children() if it.name() == "sleep"]
