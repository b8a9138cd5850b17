from __future__ import annotations

import errno

import pytest

from deploy.export import files
from deploy.export.files import require_free, write_file, write_folder
from schemas.errors import ConfigError
from schemas.files import write_atomically


def test_files_are_their_owners_alone_whatever_the_umask(tmp_path):
    write_folder(tmp_path / "out", {"train.jsonl": b"1", "test.jsonl": b""})
    write_file(tmp_path / "one", b"2")
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700
    modes = {it.name: it.stat().st_mode & 0o777 for it in [*(tmp_path / "out").iterdir(), tmp_path / "one"]}
    assert modes == {"train.jsonl": 0o600, "test.jsonl": 0o600, "one": 0o600}


def test_nothing_is_overwritten_and_nothing_followed(tmp_path):
    (tmp_path / "there").write_bytes(b"mine")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("there", "link"):
        for write in (lambda it: write_file(it, b"x"), lambda it: write_folder(it, {}), require_free):
            with pytest.raises(ConfigError, match="overwrites nothing"):
                write(tmp_path / name)
    assert (tmp_path / "there").read_bytes() == b"mine"
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_is_missing_is_told_before_anything_is_done(tmp_path):
    with pytest.raises(ConfigError, match="there is no folder"):
        require_free(tmp_path / "no" / "file")


@pytest.mark.parametrize("ending", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt(), MemoryError()], ids=repr)
def test_where_one_can_not_be_written_none_is_there(tmp_path, monkeypatch, ending):
    def ends(path, content):
        if content == b"2":
            raise ending
        write_atomically(path, content)

    monkeypatch.setattr(files, "write_atomically", ends)
    for write in (lambda it: write_file(it, b"2"), lambda it: write_folder(it, {"train": b"1", "test": b"2"})):
        with pytest.raises(type(ending)):
            write(tmp_path / "out")
        assert list(tmp_path.iterdir()) == []


def test_whatever_ends_it_in_between_no_part_is_in_its_place(tmp_path, monkeypatch):
    """A `kill -9` leaves what is there at any moment."""
    seen = []

    def looks(path, content):
        write_atomically(path.with_name("draft"), content)
        seen.append(sorted(it.name for it in (tmp_path / "out").iterdir()))
        path.with_name("draft").replace(path)
        seen.append(sorted(it.name for it in (tmp_path / "out").iterdir()))

    monkeypatch.setattr(files, "write_atomically", looks)
    write_folder(tmp_path / "out", {"train": b"1", "test": b"2"})
    assert seen == [[], [], [], []]
    assert {it.name for it in (tmp_path / "out").iterdir()} == {"train", "test"}
    assert [it.name for it in tmp_path.iterdir()] == ["out"]
