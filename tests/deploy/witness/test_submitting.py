"""A log fed to a witness, and read by one: what comes back, and what is told when something is wrong."""

from __future__ import annotations

import functools
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deploy.witness import submitting, tiled_log
from deploy.witness.checking import check
from deploy.witness.cosigning import Cosigned, Refused, Witness
from deploy.witness.state import MAX_EVIDENCE, State, read_evidence
from deploy.witness.submitting import submit
from schemas.errors import ChainBroken, ConfigError, DependencyError
from streams.audit import note
from streams.audit.note import Algorithm, Verifier
from streams.audit.sealed import verifier_of
from streams.audit.store import Directory
from streams.audit.tiles import CHECKPOINT, Tile
from streams.audit.witness import Request, trust_of
from tests.deploy.witness.conftest import NOW
from tests.streams.audit.memory_audit import PINS
from tests.streams.audit.test_export import ORIGIN, TOPIC, cut, plain_audit
from tests.support.tiled_logs import History, TiledLog

HONEST = History.of(600)
FORKED = HONEST.fork(300)


@pytest.fixture
def own(witness: Witness) -> Verifier:
    return witness._state.key.verifier


@pytest.fixture
def files(tmp_path: Path, log: TiledLog) -> Path:
    return log.write(tmp_path / "audit.demo-0", HONEST, 400)


@contextmanager
def web(handler: type[BaseHTTPRequestHandler] | functools.partial) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def answering(status: int, body: bytes) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


# submitting


def test_a_log_grows_and_each_checkpoint_gets_its_cosignature(files, log, url, own) -> None:
    """The first without a proof; the next with one from tiles, once the witness has said what it knows."""
    (files / CHECKPOINT).chmod(0o644)
    for size in (400, 400, 513, 600):
        log.write(files, HONEST, size)
        done = submit(files, url, own)
        assert done.point.size == size
        cosigned = note.parse((files / CHECKPOINT).read_bytes())
        note.check(cosigned, log.verifier)
        assert note.check_cosignature(cosigned, own) == done.time
    assert stat.S_IMODE((files / CHECKPOINT).stat().st_mode) == 0o644
    assert sorted(it.name for it in files.iterdir()) == [CHECKPOINT, "tile"]


def test_cosignatures_of_others_stay(files, log, url, own) -> None:
    other = note.Signature("other.example/w", b"abcd", bytes(72))
    path = files / CHECKPOINT
    path.write_text(str(note.parse(path.read_bytes()).with_signature(other)))
    submit(files, url, own)
    names = [it.name for it in note.parse(path.read_bytes()).signatures]
    assert names == [log.origin, "other.example/w", own.name]


def test_a_checkpoint_that_came_meanwhile_is_not_put_back(files, log, url, own, monkeypatch) -> None:
    real = submitting._post
    sizes = iter([500, 400, 400])

    def growing(*arguments: object) -> tuple[int, bytes]:
        answer = real(*arguments)
        if answer[0] == 200 and next(sizes) == 500:
            log.write(files, HONEST, 500)
        return answer

    monkeypatch.setattr(submitting, "_post", growing)
    assert submit(files, url, own).point.size == 500
    note.check_cosignature(note.parse((files / CHECKPOINT).read_bytes()), own)


def test_another_history_is_told_as_a_split_view_and_the_file_stays(files, log, url, own) -> None:
    submit(files, url, own)
    for size in (400, 600):
        log.write(files, FORKED, size)
        before = (files / CHECKPOINT).read_bytes()
        with pytest.raises(ChainBroken, match="SPLIT VIEW"):
            submit(files, url, own)
        assert (files / CHECKPOINT).read_bytes() == before


def test_damaged_tiles_are_not_called_a_split_view(files, log, url, own) -> None:
    submit(files, url, own)
    log.write(files, HONEST, 600)
    path = files / Tile(0, 1).path()
    path.write_bytes(bytes(len(path.read_bytes())))
    with pytest.raises(ChainBroken, match="not those of its checkpoint"):
        submit(files, url, own)


def test_a_cut_log_is_told(files, log, url, own) -> None:
    submit(files, url, own)
    log.write(files, HONEST, 399)
    with pytest.raises(ChainBroken, match="was cut"):
        submit(files, url, own)


def test_a_log_that_the_witness_does_not_know_or_whose_key_it_does_not_trust(tmp_path, url, own) -> None:
    unknown = TiledLog("log.example/unknown").write(tmp_path / "a", HONEST, 3)
    with pytest.raises(ConfigError, match="knows no log"):
        submit(unknown, url, own)
    forged = TiledLog().write(tmp_path / "b", HONEST, 3)
    with pytest.raises(ChainBroken, match="no key that"):
        submit(forged, url, own)


def test_another_witness_s_cosignature_is_not_added(files, url, own) -> None:
    before = (files / CHECKPOINT).read_bytes()
    with pytest.raises(ConfigError, match="no cosignature by the key given"):
        submit(files, url, Verifier(own.name, TiledLog().verifier.key, Algorithm.COSIGNATURE))
    assert (files / CHECKPOINT).read_bytes() == before


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (409, b"many\n", DependencyError),
        (409, b"0\n", DependencyError),
        (500, b"", DependencyError),
        (302, b"", DependencyError),
        (200, b"", ConfigError),
        (200, b"\xff" * 100, ConfigError),
        (200, b"x" * 70_000, ChainBroken),
    ],
)
def test_a_witness_that_answers_nonsense_changes_nothing(files, own, status, body, error) -> None:
    before = (files / CHECKPOINT).read_bytes()
    with web(answering(status, body)) as at, pytest.raises(error):
        submit(files, at, own)
    assert (files / CHECKPOINT).read_bytes() == before


def test_a_witness_that_is_not_there_and_an_address_that_others_could_read(files, own) -> None:
    with web(Quiet) as gone:
        pass
    with pytest.raises(DependencyError, match="doesn't answer"):
        submit(files, gone, own)
    for url in ("http://witness.example", "ftp://127.0.0.1", "https://", "file:///tmp"):
        with pytest.raises(ConfigError, match="an address is https"):
            submit(files, url, own)
    with pytest.raises(ConfigError, match="no certificates"):
        submit(files, "https://witness.example", own, ca=files / "none.pem")


# reading


@pytest.fixture(params=["folder", "web"])
def where(request, files: Path) -> Iterator[str]:
    if request.param == "folder":
        yield str(files)
        return
    with web(functools.partial(Quiet, directory=str(files))) as at:
        yield f"{at}/"


def asked(witness: Witness, where: str) -> Cosigned | Refused:
    with tiled_log.opened(where) as read:
        return check(witness, read, where)


def test_a_log_is_read_and_cosigned_as_it_grows(where, files, log, witness, own) -> None:
    for size in (400, 400, 512, 600):
        log.write(files, HONEST, size)
        found = asked(witness, where)
        assert isinstance(found, Cosigned)
        note.check_cosignature(found.seen.note, own)
        assert found.seen.point.size == size


def test_a_partial_tile_that_is_gone_is_read_from_the_full_one(where, files, log, witness) -> None:
    assert isinstance(asked(witness, where), Cosigned)
    log.write(files, HONEST, 600)
    (files / CHECKPOINT).write_bytes(log.checkpoint(HONEST, 450))
    for partial in (files / "tile/0").glob("001.p/*"):
        partial.unlink()
    assert isinstance(asked(witness, where), Cosigned)


@pytest.mark.parametrize("after", [200, 256, 500])
def test_a_log_whose_export_goes_on_between_its_checkpoint_and_its_tiles_is_cosigned(
    tmp_path, folder, after
) -> None:
    audit, store = plain_audit(after), Directory(tmp_path / "audit")
    where = str(tmp_path / "audit" / f"{TOPIC}-0")
    trust = trust_of([verifier_of(ORIGIN, PINS)])
    audit.export(store, cut(audit, 100))
    with State(folder) as state, tiled_log.opened(where) as read:
        witness = Witness(state, trust, lambda: NOW)
        assert isinstance(check(witness, read, where), Cosigned)
        audit.export(store, cut(audit, 150))

        def racing(name: str) -> bytes | None:
            data = read(name)
            if name == CHECKPOINT:
                audit.export(store)
            return data

        found = check(witness, racing, where)
        assert isinstance(found, Cosigned)
        assert found.seen.point.size == 150


@pytest.mark.parametrize("size", [400, 512, 600])
def test_a_split_view_is_proven_from_the_log_s_own_tiles(where, files, log, witness, size) -> None:
    assert isinstance(asked(witness, where), Cosigned)
    log.write(files, FORKED, size)
    found = asked(witness, where)
    assert isinstance(found, Refused)
    assert found.is_split
    assert found.refusal.evidence is not None
    assert found.refusal.evidence.holds([log.verifier])
    assert found.kept is not None


def fed(witness: Witness, log: TiledLog, history: History, old: int, size: int) -> Path:
    """A doubt: the checkpoint is genuine, the proof is none."""
    found = witness.ask(Request(old, (bytes(32),), log.checkpoint(history, size)))
    assert isinstance(found, Refused)
    assert not found.is_split
    assert found.kept is not None
    return found.kept


def test_reading_the_log_ends_doubts_and_junk_displaces_no_fork(where, files, log, witness, folder) -> None:
    assert isinstance(asked(witness, where), Cosigned)
    for size in range(401, 401 + MAX_EVIDENCE):
        os.utime(fed(witness, log, HONEST, 400, size), (size, size))
    fork = fed(witness, log, FORKED, 400, 520)
    later = fed(witness, log, HONEST, 400, 600)
    damaged = later.with_name("doubt-damaged.json")
    damaged.write_bytes(b"{}")
    log.write(files, HONEST, 590)
    found = asked(witness, where)
    assert isinstance(found, Cosigned)
    (split,) = found.splits
    damaged.unlink()
    kept = read_evidence(folder)
    assert [path for path, _ in kept] == [split, later]
    assert kept[0][1].holds([log.verifier])
    assert not fork.exists()
    again = asked(witness, where)
    assert isinstance(again, Cosigned)
    assert again.splits == ()


def test_damaged_missing_and_cut_logs_are_told_and_not_taken_for_split(where, files, log, witness) -> None:
    assert isinstance(asked(witness, where), Cosigned)
    log.write(files, HONEST, 600)
    path = files / Tile(0, 1).path()
    good = path.read_bytes()
    path.write_bytes(bytes(len(good)))
    found = asked(witness, where)
    assert isinstance(found, Refused)
    assert not found.is_split
    path.write_bytes(good[:-1])
    with pytest.raises(ChainBroken, match="damaged"):
        asked(witness, where)
    path.unlink()
    for partial in (files / "tile/0").glob("001.p/*"):
        partial.unlink()
    with pytest.raises(ChainBroken, match="missing"):
        asked(witness, where)
    log.write(files, HONEST, 399)
    with pytest.raises(ChainBroken, match="was cut"):
        asked(witness, where)
    (files / CHECKPOINT).write_bytes(b"x" * 70_000)
    with pytest.raises(ChainBroken, match="more than"):
        asked(witness, where)
    (files / CHECKPOINT).write_bytes(b"nothing\n")
    with pytest.raises(ChainBroken, match="its checkpoint is none"):
        asked(witness, where)
    (files / CHECKPOINT).unlink()
    with pytest.raises(ChainBroken, match="never been sealed"):
        asked(witness, where)


def test_what_is_no_log_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no folder"), tiled_log.opened(str(tmp_path / "none")):
        pass
    with web(answering(500, b"")) as at, tiled_log.opened(at) as read, pytest.raises(DependencyError, match="501"):
        read(CHECKPOINT)
