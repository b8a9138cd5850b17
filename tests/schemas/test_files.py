from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from schemas.files import write_atomically

THREADS, ROUNDS = 8, 40


def names(folder: Path) -> list[str]:
    return [it.name for it in folder.iterdir()]


def test_a_reader_beside_threads_that_write_one_file_sees_what_one_of_them_wrote(tmp_path: Path) -> None:
    path, wanted = tmp_path / "state.json", {bytes([65 + it]) * (1000 + 7000 * it) for it in range(THREADS)}
    write_atomically(path, min(wanted))

    def write(content: bytes) -> None:
        for _ in range(ROUNDS):
            write_atomically(path, content)

    with ThreadPoolExecutor(THREADS) as threads:
        writing = [threads.submit(write, content) for content in wanted]
        seen = {path.read_bytes()}
        while not all(it.done() for it in writing):
            seen.add(path.read_bytes())
        for it in writing:
            it.result()
    assert seen <= wanted
    assert path.read_bytes() in wanted
    assert names(tmp_path) == ["state.json"]


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o640])
def test_the_mode_is_the_one_asked_for_whatever_was_there_and_whatever_the_umask(
    tmp_path: Path, mode: int
) -> None:
    path = tmp_path / "file"
    path.write_text("before")
    path.chmod(0o666)
    before = os.umask(0o077)
    try:
        write_atomically(path, "after", mode)
    finally:
        os.umask(before)
    assert path.read_text() == "after"
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_draft_is_its_owner_s_alone_until_the_mode_is_set_and_that_is_before_content(
    tmp_path, monkeypatch
) -> None:
    seen: list[tuple[int, int]] = []

    def look() -> None:
        (draft,) = tmp_path.iterdir()
        status = draft.stat()
        seen.append((stat.S_IMODE(status.st_mode), status.st_size))

    real = os.fchmod
    monkeypatch.setattr(os, "fchmod", lambda *args: (look(), real(*args), look()))
    write_atomically(tmp_path / "file", "content", 0o644)
    assert seen == [(0o600, 0), (0o644, 0)]


def test_content_is_on_the_disk_before_the_name(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "file").write_text("before")
    synced: list[tuple[int, str]] = []
    real = os.fsync

    def sync(handle: int) -> None:
        real(handle)
        synced.append((os.fstat(handle).st_size, (tmp_path / "file").read_text()))

    monkeypatch.setattr(os, "fsync", sync)
    write_atomically(tmp_path / "file", "content")
    assert synced == [(7, "before")]


@pytest.mark.parametrize("step", ["fchmod", "fsync"])
def test_where_writing_fails_the_old_file_stays_and_no_draft(tmp_path: Path, monkeypatch, step: str) -> None:
    path = tmp_path / "file"
    write_atomically(path, "before")

    def full(*_args: object) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="no space left"):
        write_atomically(path, "after")
    assert path.read_text() == "before"
    assert names(tmp_path) == ["file"]


def test_where_the_name_is_a_folder_s_no_draft_stays(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path / "folder", "content")
    assert names(tmp_path) == ["folder"]


def test_a_name_may_be_as_long_as_a_file_system_takes_it(tmp_path: Path) -> None:
    write_atomically(tmp_path / ("n" * 255), "content")
    assert (tmp_path / ("n" * 255)).read_text() == "content"


def test_a_link_is_replaced_and_not_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("theirs")
    (tmp_path / "file").symlink_to("elsewhere")
    write_atomically(tmp_path / "file", "ours")
    assert (tmp_path / "elsewhere").read_text() == "theirs"
    assert not (tmp_path / "file").is_symlink()


def test_a_file_is_given_to_its_owner_before_it_has_its_name(tmp_path: Path) -> None:
    write_atomically(tmp_path / "given", "content", owner=os.getuid())
    assert (tmp_path / "given").stat().st_uid == os.getuid()
    assert (tmp_path / "given").stat().st_mode & 0o777 == 0o600
