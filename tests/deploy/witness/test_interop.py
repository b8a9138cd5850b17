"""Another implementation of the protocol: our checkpoints cosigned by filippo.io/torchwood's litewitness."""

from __future__ import annotations

import re
import shutil
import socket
import sqlite3
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from deploy.witness.key import WitnessKey
from deploy.witness.submitting import submit
from schemas.errors import ChainBroken
from streams.audit import note
from streams.audit.note import Verifier
from streams.audit.tiles import CHECKPOINT
from streams.audit.tree import EMPTY_ROOT
from tests.support.tiled_logs import History, TiledLog
from tests.support.waiting import wait_for

NAME = "litewitness.example/w"
TOOLS = {it: shutil.which(it) for it in ("litewitness", "ssh-agent", "ssh-add", "ssh-keygen")}
MISSING = [name for name, path in TOOLS.items() if path is None]

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


@pytest.fixture
def litewitness(log: TiledLog) -> Iterator[tuple[str, Verifier]]:
    """Its key is held by an ssh-agent, its logs by SQLite; sockets need a short path."""
    with TemporaryDirectory(prefix="w") as name:
        folder, private = Path(name), Ed25519PrivateKey.generate()
        with running("ssh-agent", "-D", "-a", f"{name}/agent"):
            wait_for((folder / "agent").exists, "the agent listens")
            fingerprint = give(folder, private)
            know(folder / "db", log)
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                at = f"127.0.0.1:{free.getsockname()[1]}"
            arguments = ("-db", f"{name}/db", "-name", NAME, "-key", fingerprint, "-ssh-agent", f"{name}/agent")
            with running("litewitness", *arguments, "-listen", at):
                wait_for(lambda: answers(at), "litewitness listens")
                yield f"http://{at}", WitnessKey.of(NAME, private).verifier


@contextmanager
def running(tool: str, *arguments: str) -> Iterator[None]:
    command = [str(TOOLS[tool]), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def answers(at: str) -> bool:
    host, port = at.split(":")
    with socket.socket() as trying:
        return trying.connect_ex((host, int(port))) == 0


def give(folder: Path, private: Ed25519PrivateKey) -> str:
    """The agent gets the key; its fingerprint."""
    path = folder / "key"
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    path.chmod(0o600)
    agent = {"SSH_AUTH_SOCK": f"{folder}/agent"}
    subprocess.run([str(TOOLS["ssh-add"]), str(path)], env=agent, check=True, capture_output=True)
    shown = subprocess.run(
        [str(TOOLS["ssh-keygen"]), "-lf", str(path)], check=True, capture_output=True, text=True
    )
    found = re.search(r"SHA256:\S+", shown.stdout)
    assert found
    return found[0]


def know(database: Path, log: TiledLog) -> None:
    with sqlite3.connect(database) as db:
        db.execute("CREATE TABLE log (origin TEXT PRIMARY KEY, tree_size INTEGER, tree_hash TEXT)")
        db.execute("CREATE TABLE key (origin TEXT, key TEXT)")
        db.execute("INSERT INTO log VALUES (?, 0, ?)", (log.origin, b64encode(EMPTY_ROOT).decode()))
        db.execute("INSERT INTO key VALUES (?, ?)", (log.origin, log.verifier.text()))
    db.close()


def test_another_implementation_cosigns_our_log_as_it_grows_and_refuses_its_fork(
    litewitness: tuple[str, Verifier], log: TiledLog, tmp_path: Path
) -> None:
    url, verifier = litewitness
    honest = History.of(600)
    for size in (1, 255, 256, 256, 300, 600):
        log.write(tmp_path, honest, size)
        submit(tmp_path, url, verifier)
        note.check_cosignature(note.parse((tmp_path / CHECKPOINT).read_bytes()), verifier)
    log.write(tmp_path, honest.fork(100), 600)
    with pytest.raises(ChainBroken, match="SPLIT VIEW"):
        submit(tmp_path, url, verifier)
