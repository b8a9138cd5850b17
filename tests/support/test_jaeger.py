"""Jaeger is built once of one set of checksums, and found by them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.jaeger.server import BUILT, PINNED

BUILD = PINNED[0].with_name("build")
COMPILER = """#!/bin/sh
echo "$@" >>"$HOME/asked"
while [ "$1" != -o ]; do shift; done
echo built >"$2" && chmod +x "$2" && exit ${FAILS:-0}
"""


@pytest.fixture
def home(tmp_path) -> Path:
    """A home with a compiler that only makes a file."""
    (tmp_path / "tools").mkdir()
    compiler = tmp_path / "tools" / "go"
    compiler.write_text(COMPILER)
    compiler.chmod(0o755)
    return tmp_path


def built(home: Path, **more: str) -> int:
    path = f"{home / 'tools'}:{os.environ['PATH']}"
    return subprocess.run([BUILD], env={"HOME": str(home), "PATH": path, **more}, check=False).returncode


def test_it_is_built_under_the_name_that_tests_look_for_and_not_again(home):
    assert [built(home), built(home)] == [0, 0]
    assert (home / "go" / "bin" / BUILT).read_text() == "built\n"
    (asked,) = (home / "asked").read_text().splitlines()
    assert "-mod=readonly" in asked


def test_what_was_not_built_to_the_end_is_not_there(home):
    assert built(home, FAILS="1") != 0
    assert not (home / "go" / "bin" / BUILT).exists()
    assert built(home) == 0
