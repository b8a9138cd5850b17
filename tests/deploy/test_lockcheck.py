from __future__ import annotations

import stat
from pathlib import Path

import pytest

from deploy import lockcheck
from deploy.lockcheck import COMMON, LOCKS, Lock, changed_lines, difference
from schemas.errors import ConfigError

LOCK = Lock("made.lock", ("made.in",))
OLD = "one==1 \\\n    --hash=sha256:aa\ntwo==2\n"


def uv(folder: Path, script: str) -> Path:
    """A stand-in for uv; `$out` is where it is to write."""
    program = folder / "uv"
    program.write_text(f'#!/bin/sh\nfor word; do out="$word"; done\n{script}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def test_the_makefile_makes_the_locks_in_the_same_way() -> None:
    makefile = (lockcheck.ROOT / "Makefile").read_text()
    for lock in LOCKS:
        assert " ".join(["/uv", *COMMON, *lock.arguments, "-o", lock.file]) in makefile


def test_a_lock_that_would_be_made_the_same_does_not_differ(tmp_path: Path) -> None:
    (tmp_path / LOCK.file).write_text(OLD)
    assert difference(LOCK, tmp_path, uv(tmp_path, 'test -s "$out"')) == []


def test_a_stale_lock_differs_and_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / LOCK.file).write_text(OLD)
    assert difference(LOCK, tmp_path, uv(tmp_path, 'echo two==2 > "$out"')) == ["-one==1 \\"]
    assert (tmp_path / LOCK.file).read_text() == OLD


def test_a_missing_lock_differs(tmp_path: Path) -> None:
    assert difference(LOCK, tmp_path, uv(tmp_path, 'echo two==2 > "$out"')) == ["+two==2"]


def test_what_uv_can_not_resolve_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such package"):
        difference(LOCK, tmp_path, uv(tmp_path, "echo no such package >&2; exit 1"))


def test_changed_hashes_alone_are_shown() -> None:
    assert changed_lines(OLD, OLD.replace("aa", "bb")) == ["-    --hash=sha256:aa", "+    --hash=sha256:bb"]
