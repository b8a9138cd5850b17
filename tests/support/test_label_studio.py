"""Where Label Studio can't be installed: only an index that isn't there is a reason to test nothing."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.support.label_studio import install, made_environment
from tests.support.pipeline import free_port

pytest.importorskip("uv", reason="needs uv, by which Label Studio is installed")

NO_HASH = "--hash=sha256:" + "0" * 64


@pytest.fixture
def python(tmp_path, monkeypatch) -> Path:
    """Of an empty environment; what is installed into it comes from no cache."""
    monkeypatch.setenv("UV_NO_CACHE", "1")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    return made_environment(tmp_path / "env")


@pytest.fixture
def lock(tmp_path):
    def write(line: str) -> Path:
        file = tmp_path / "made.lock"
        file.write_text(f"{line}\n")
        return file

    return write


def test_an_index_that_can_not_be_reached_skips(python, lock, monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{free_port()}/simple")
    with pytest.raises(pytest.skip.Exception, match="can't be reached"):
        install(python, lock(f"kettle==1 {NO_HASH}"))


def test_a_hash_that_is_wrong_fails(python, lock, tmp_path):
    wheel = tmp_path / "kettle-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as made:
        made.writestr("kettle-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: kettle\nVersion: 1\n")
        made.writestr("kettle-1.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: a test\nTag: py3-none-any\n")
        made.writestr("kettle-1.dist-info/RECORD", "")
    with pytest.raises(AssertionError, match="ash mismatch"):
        install(python, lock(f"kettle @ {wheel.as_uri()} {NO_HASH}"))


def test_a_lock_that_nothing_satisfies_fails(python, lock, monkeypatch):
    monkeypatch.setenv("UV_NO_INDEX", "1")
    with pytest.raises(AssertionError, match="No solution"):
        install(python, lock(f"kettle==1 {NO_HASH}"))
