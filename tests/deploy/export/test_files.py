from __future__ import annotations

import errno
import os
from types import SimpleNamespace

import pytest

from deploy.export import files
from deploy.export.files import require_free, write_file, write_folder
from schemas.errors import ConfigError


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


def test_where_one_can_not_be_written_none_is_there(tmp_path, monkeypatch):
    class Full:
        def __init__(self, opened):
            os.close(opened)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def write(self, _):
            raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(files, "os", SimpleNamespace(**vars(os) | {"fdopen": lambda opened, _: Full(opened)}))
    for write in (lambda it: write_file(it, b"x"), lambda it: write_folder(it, {"train": b"x"})):
        with pytest.raises(OSError, match="full"):
            write(tmp_path / "out")
        assert list(tmp_path.iterdir()) == []
