"""What only a folder does; what every store does: `tests/deploy/test_object_store.py`."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

from streams.audit.store import Directory
from tests.support.waiting import wait_for


def test_the_folder_of_partial_tiles_goes_with_the_last_of_them_and_is_no_file(tmp_path: Path) -> None:
    store = Directory(tmp_path / "new")
    store.put("audit.demo-0/tile/0/000.p/3", b"one")
    store.put("audit.demo-0/tile/0/000", b"two")
    store.delete("audit.demo-0/tile/0/000.p/3")
    assert not (tmp_path / "new" / "audit.demo-0" / "tile" / "0" / "000.p").exists()
    assert store.get("audit.demo-0/tile") is None


def test_a_checkpoint_waits_for_whoever_cosigns_the_one_there_and_tiles_do_not(tmp_path: Path) -> None:
    store = Directory(tmp_path)
    store.put("log/checkpoint", b"one")
    folder = os.open(tmp_path / "log", os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    store.put("log/index", b"at once")
    later = threading.Thread(target=store.put, args=("log/checkpoint", b"two"))
    later.start()
    wait_for((tmp_path / "log" / ".checkpoint.part").exists, "it has come to the lock")
    assert store.get("log/checkpoint") == b"one"
    os.close(folder)
    later.join()
    assert store.get("log/checkpoint") == b"two"
