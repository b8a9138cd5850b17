"""Files by name in a folder: whole or not at all, and never two who replace a checkpoint at once."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

import pytest

from streams.audit.store import Directory
from tests.support.waiting import wait_for


def test_what_is_put_is_there_until_it_is_deleted(tmp_path: Path) -> None:
    store = Directory(tmp_path / "new")
    for name in ("index.json", "audit.demo-0/checkpoint", "audit.demo-0/tile/0/000.p/3"):
        assert store.get(name) is None
        store.put(name, b"one")
        store.put(name, b"two")
        assert store.get(name) == b"two"
    assert sorted(store.names()) == ["audit.demo-0/checkpoint", "audit.demo-0/tile/0/000.p/3", "index.json"]
    store.delete("audit.demo-0/tile/0/000.p/3")
    store.delete("audit.demo-0/tile/0/000.p/3")
    assert not (tmp_path / "new" / "audit.demo-0" / "tile" / "0" / "000.p").exists()
    assert store.get("audit.demo-0/tile") is None


@pytest.mark.parametrize("name", ["", "../outside", "/etc/hostname", "a/../../b"])
def test_no_name_leads_out(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        Directory(tmp_path).put(name, b"")


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
