"""What `veil backup` and `veil restore` refuse before they begin; and a backup that is told to end."""

from __future__ import annotations

import os
import signal
from types import SimpleNamespace

import pyrage
import pytest

from deploy.backup.secrets import TOKEN
from deploy.backup.verifying import _sweep
from deploy.ending import ENDING
from deploy.local.openbao import SEAL_KEY, SEAL_KEY_BYTES
from deploy.supervise.lock import RootLock

RECIPIENT = str(pyrage.x25519.Identity.generate().to_public())


def test_backup_to_nobody_is_refused(run, tmp_path):
    answer = run("backup", tmp_path / "b", "--root", tmp_path)
    assert answer.code == 2
    assert "give --to" in answer.err
    assert not (tmp_path / "b").exists()


def test_backup_into_a_folder_that_is_there_is_refused(run, tmp_path):
    (tmp_path / "b").mkdir()
    answer = run("backup", tmp_path / "b", "--to", RECIPIENT, "--no-verify", "--root", tmp_path)
    assert answer.code == 2
    assert "goes into a folder of its own" in answer.err


def test_backup_of_a_stack_that_was_never_started_leaves_nothing(run, tmp_path):
    answer = run("backup", tmp_path / "b", "--to", RECIPIENT, "--no-verify", "--root", tmp_path / "none")
    assert answer.code == 2
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("how", [(), ("--verify", "--into", "x")])
def test_restore_says_where_to(run, tmp_path, how):
    answer = run("restore", tmp_path, *how)
    assert answer.code == 2
    assert "give --verify, or --into DIR" in answer.err


def test_restore_needs_a_key_and_to_know_whose_backup_it_is(run, tmp_path):
    assert "give the key that opens it" in run("restore", tmp_path, "--verify").err
    key = tmp_path / "key.txt"
    key.write_text(str(pyrage.x25519.Identity.generate()))
    answer = run("restore", tmp_path, "--verify", "-i", key, "--root", tmp_path / "none")
    assert answer.code == 2
    assert "whose backup it is must be known" in answer.err


@pytest.mark.usefixtures("first_process")
def test_a_backup_that_is_told_to_end_leaves_nothing(run, tmp_path, monkeypatch):
    folder, seen = tmp_path / "b", []

    def read(_topic, _after):
        seen.append(folder.is_dir())
        os.kill(os.getpid(), signal.SIGTERM)
        yield from ()

    around = SimpleNamespace(
        log=SimpleNamespace(read=read), topology=SimpleNamespace(projects=["demo"]), close=lambda: None
    )
    monkeypatch.setattr("deploy.backup.taking.surroundings", lambda *_: around)
    monkeypatch.setattr("deploy.backup.taking.act", lambda *_: None)
    answer = run("backup", folder, "--to", RECIPIENT, "--no-verify", "--root", tmp_path)
    assert (answer.code, seen) == (130, [True])
    assert not folder.exists()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN


@pytest.mark.usefixtures("of_a_terminal")
@pytest.mark.parametrize("number", ENDING)
def test_a_restore_that_is_told_to_end_leaves_nothing(run, tmp_path, monkeypatch, number):
    folder = tmp_path / "into"

    def rebuilding(*_):
        folder.mkdir()
        os.kill(os.getpid(), number)

    key, pins = tmp_path / "key.txt", tmp_path / "pins.json"
    key.write_text(str(pyrage.x25519.Identity.generate()))
    pins.write_text("{}")
    own = tmp_path / "own"
    own.mkdir()
    (own / SEAL_KEY).write_bytes(bytes(SEAL_KEY_BYTES))
    (own / TOKEN).write_text("token")
    monkeypatch.setattr("deploy.backup.restoring.verified", lambda *_: None)
    monkeypatch.setattr("deploy.backup.restoring.BackupSource", lambda *_: None)
    monkeypatch.setattr("deploy.backup.restoring.rebuilt", rebuilding)
    answer = run("restore", tmp_path, "--into", folder, "-i", key, "--pins", pins, "--secrets", own)
    assert answer.code == 130
    assert not folder.exists()


def test_what_a_killed_verification_has_left_is_swept_once_it_is_old_and_nobody_s(tmp_path):
    old, young, used, other = (tmp_path / it for it in ("verifying-1", "verifying-2", "verifying-3", "veil"))
    for folder in (old, young, used, other):
        folder.mkdir()
        (folder / "vault-seal-key").touch()
    with RootLock(used):
        for folder in (old, used, other):
            os.utime(folder, (0, 0))
        _sweep(tmp_path)
    assert [it.exists() for it in (old, young, used, other)] == [False, True, True, True]
