"""The protocol over HTTP with a real client, and with clients that behave badly."""

from __future__ import annotations

import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from deploy.witness import server
from deploy.witness.cosigning import Witness
from deploy.witness.server import WitnessServer
from deploy.witness.state import State, read_evidence
from schemas.errors import ConfigError, StackError
from streams.audit import note, witness_request
from streams.audit.witness import Request
from streams.audit.witness_evidence import origin_hash
from tests.deploy.witness.conftest import serving
from tests.support.callers import calling
from tests.support.tiled_logs import History, TiledLog

HONEST = History.of(30)
FORKED = HONEST.fork(9)


def body(log: TiledLog, old: int, size: int, history: History = HONEST) -> bytes:
    return witness_request.body_of(Request(old, history.proof(old, size), log.checkpoint(history, size)))


def post(url: str, content: bytes) -> httpx.Response:
    return httpx.post(f"{url}/add-checkpoint", content=content)


def test_a_checkpoint_is_cosigned_and_then_there_for_monitors(url: str, log: TiledLog, witness: Witness) -> None:
    at = f"{url}/{origin_hash(log.origin)}/checkpoint"
    assert httpx.get(at).status_code == 404
    answer = post(url, body(log, 0, 7))
    assert answer.status_code == 200
    asked = note.parse(log.checkpoint(HONEST, 7))
    own = witness._state.key.verifier
    line = witness_request.cosignature_in(answer.content, asked, own)
    seen = note.parse(httpx.get(at).content)
    assert seen == asked.with_signature(line)
    note.check(seen, log.verifier)


def test_each_refusal_has_its_status(url: str, log: TiledLog, folder: Path) -> None:
    assert post(url, body(log, 0, 7)).status_code == 200
    conflict = post(url, body(log, 3, 9))
    assert (conflict.status_code, conflict.content) == (409, b"7\n")
    assert conflict.headers["content-type"] == "text/x.tlog.size"
    assert post(url, b"old x\n\n").status_code == 400
    assert post(url, b"old 7\n\nno checkpoint").status_code == 400
    assert post(url, body(TiledLog("log.example/unknown"), 0, 7)).status_code == 404
    assert post(url, body(TiledLog(), 7, 9)).status_code == 403
    assert post(url, body(log, 7, 12, FORKED)).status_code == 200  # the same up to nine
    assert post(url, body(log, 12, 12)).status_code == 422
    assert [it.holds([log.verifier]) for _, it in read_evidence(folder)] == [True]
    assert httpx.get(f"{url}/add-checkpoint").status_code == 405
    assert httpx.get(f"{url}/").status_code == 404


@pytest.mark.parametrize("sent", ["length", "chunks"])
def test_a_huge_body_is_refused_and_nothing_of_it_kept(url: str, log: TiledLog, sent: str) -> None:
    huge = body(log, 0, 7) + b"x" * 200_000
    content = huge if sent == "length" else (huge[at : at + 9_000] for at in range(0, len(huge), 9_000))
    assert httpx.post(f"{url}/add-checkpoint", content=content).status_code == 413
    assert post(url, body(log, 0, 7)).status_code == 200


def test_a_slow_body_is_let_go(url: str, log: TiledLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "BODY_S", 0.2)
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), 10) as slow:
        slow.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 100\r\n\r\nold 0\n")
        assert slow.recv(100).startswith(b"HTTP/1.1 408")


def test_headers_without_end_are_let_go(url: str) -> None:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), 10) as rude:
        rude.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n")
        try:
            for _ in range(100):
                rude.sendall(b"X-A: " + b"a" * 8_000 + b"\r\n")
            assert rude.recv(100).startswith(b"HTTP/1.1 4")
        except ConnectionError:
            pass


def test_as_many_silent_connections_as_there_are_places_take_no_witness_away(url: str, log: TiledLog) -> None:
    with ExitStack() as open_ones:
        silent = [open_ones.enter_context(calling(url)) for _ in range(server.CONNECTIONS.places + 1)]
        assert post(url, body(log, 0, 7)).status_code == 200
        assert silent[0].is_hung_up_on()


def test_who_says_nothing_is_hung_up_on_where_nobody_wants_the_place(witness: Witness, monkeypatch) -> None:
    monkeypatch.setattr(server, "CONNECTIONS", replace(server.CONNECTIONS, headers_s=0.05))
    with serving(witness) as at, calling(at) as silent:
        assert silent.is_hung_up_on()


def test_who_asks_at_the_same_time_gets_one_history(url: str, log: TiledLog, witness: Witness) -> None:
    """Both sides of a split at once, again and again: one of them is cosigned, whichever came first."""
    post(url, body(log, 0, 5))
    bodies = [body(log, 5, size, side) for size in range(10, 30) for side in (HONEST, FORKED)]
    with ThreadPoolExecutor(8) as pool, httpx.Client() as client:
        codes = list(pool.map(lambda it: client.post(f"{url}/add-checkpoint", content=it).status_code, bodies))
    assert codes.count(200) == 1
    assert set(codes) <= {200, 409}


def test_a_state_that_cannot_be_written_gives_no_cosignature(url, log, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(State, "remember", full)
        answer = post(url, body(log, 0, 7))
    assert answer.status_code == 500
    assert "nothing was cosigned" in answer.text
    assert post(url, body(log, 0, 7)).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "witness.example"])  # noqa: S104 - must be refused
def test_plain_http_beyond_this_machine_has_to_be_asked_for(witness: Witness, host: str) -> None:
    with pytest.raises(ConfigError, match="plain HTTP"):
        WitnessServer(witness, host, 0)


def test_a_taken_port_and_a_missing_certificate_are_told(witness: Witness, url: str, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="can't listen"):
        WitnessServer(witness, "127.0.0.1", urlsplit(url).port or 0).start()
    with pytest.raises(ConfigError, match="no file"):
        WitnessServer(witness, "127.0.0.1", 0, tmp_path / "none.pem", tmp_path / "none.pem")


def test_a_witness_needs_neither_kafka_nor_vault() -> None:
    """It runs where there is none; nothing of their clients is even loaded."""
    program = (
        "import sys, deploy.cli.audit_witness, deploy.logs, deploy.witness.server, deploy.witness.state, "
        "deploy.witness.checking, deploy.witness.submitting\n"
        "print({it.split('.')[0] for it in sys.modules} & {'confluent_kafka', 'hvac', 'fastavro', 'vault'})"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "set()"
