from __future__ import annotations

import errno
import hashlib
from pathlib import Path

import pytest

from deploy.local.downloads import TRIES, Artifact, ArtifactCache, read_lock
from deploy.local.relock import lock_line
from schemas.errors import StackError

CONTENT = b"what a jar holds"
JAR = Artifact(hashlib.sha256(CONTENT).hexdigest(), "org.example", "thing", "1.0")


class Central:
    """Serves `CONTENT`, after raising or serving the given things first."""

    def __init__(self, *first: BaseException | bytes) -> None:
        self.first = list(first)
        self.asked = 0

    def __call__(self, artifact: Artifact, folder: Path) -> Path:
        self.asked += 1
        answer = self.first.pop(0) if self.first else CONTENT
        if isinstance(answer, BaseException):
            raise answer
        path = folder / artifact.file_name
        path.write_bytes(answer)
        return path


def ensure(folder: Path, central: Central, pauses: list[float] | None = None) -> ArtifactCache:
    cache = ArtifactCache(folder, central, (pauses if pauses is not None else []).append)
    cache.ensure([JAR], lambda _: None)
    return cache


def test_a_file_is_downloaded_once(tmp_path: Path):
    central = Central()
    for _ in range(2):
        cache = ensure(tmp_path / "cache", central)
    assert central.asked == 1
    assert cache.path(JAR).read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["thing-1.0.jar"]


def test_failures_are_retried_with_growing_pauses(tmp_path: Path):
    pauses: list[float] = []
    ensure(tmp_path, Central(ConnectionError(), RuntimeError("404"), TimeoutError()), pauses)
    assert pauses == [1, 2, 4]


def test_a_download_that_keeps_failing_is_one_sentence(tmp_path: Path):
    central = Central(*[ConnectionError()] * TRIES)
    with pytest.raises(StackError, match=r"thing-1\.0\.jar could not be downloaded .*\(ConnectionError\)"):
        ensure(tmp_path, central)
    assert central.asked == TRIES
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_differs_from_its_pin_is_not_kept(tmp_path: Path):
    with pytest.raises(StackError, match="checksum is not the pinned one"):
        ensure(tmp_path, Central(*[b"tampered"] * TRIES))
    assert list(tmp_path.iterdir()) == []


def test_a_cached_file_that_was_changed_is_downloaded_again(tmp_path: Path):
    (tmp_path / JAR.file_name).write_bytes(b"tampered")
    assert ensure(tmp_path, Central()).path(JAR).read_bytes() == CONTENT


def test_a_full_disk_is_said_at_once(tmp_path: Path):
    central = Central(OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(StackError, match=r"The disk of .* is full"):
        ensure(tmp_path, central)
    assert central.asked == 1


def test_every_line_of_the_lock_pins_a_file():
    artifacts = read_lock()
    assert {len(artifact.sha256) for artifact in artifacts} == {64}
    assert len({artifact.file_name for artifact in artifacts}) == len(artifacts)


def test_lines_of_the_lock_are_read_back_as_written():
    for artifact in read_lock():
        assert Artifact.parse(lock_line(artifact)) == artifact
