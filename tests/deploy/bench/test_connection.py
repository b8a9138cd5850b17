from __future__ import annotations

import socket
import threading

import pytest

from deploy.bench.connection import Connection
from schemas.errors import StackError


class Server:
    """Answers the one connection it takes with these packets, one list a request; keeps what it was sent."""

    def __init__(self, *answers):
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._answers = answers
        self.seen = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        self.port = self._listening.getsockname()[1]

    def _serve(self):
        connected, _ = self._listening.accept()
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connected:
            for packets in self._answers:
                self.seen.append(connected.recv(65536))
                for packet in packets:
                    connected.sendall(packet)

    def close(self):
        self._thread.join(60)
        self._listening.close()


@pytest.fixture
def served():
    servers, connections = [], []

    def serve(*answers):
        servers.append(Server(*answers))
        connections.append(Connection("127.0.0.1", servers[-1].port, {"Authorization": "Bearer t"}))
        return connections[-1], servers[-1]

    yield serve
    for one in (*connections, *servers):
        one.close()


def test_calls_share_a_connection_and_say_all_that_http_asks_for(served):
    connection, server = served(
        [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: y\r\n\r\n{}"], [b"HTTP/1.1 204 No Content\r\n\r\n"]
    )
    assert connection.call("POST", "/a", b"hello", {"Idempotency-Key": "k"}) == (200, b"{}")
    assert connection.call("GET", "/b", b"", {}) == (204, b"")
    head, _, body = server.seen[0].partition(b"\r\n\r\n")
    assert body == b"hello"
    assert head.decode().splitlines() == [
        "POST /a HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        "Authorization: Bearer t",
        "Idempotency-Key: k",
        "Content-Length: 5",
    ]


def test_answer_in_pieces_is_put_together(served):
    connection, _ = served([b"HTTP/1.1 20", b"0 OK\r\ncontent-", b"length: 4\r\n\r", b"\n{", b'"a}'])
    assert connection.call("GET", "/", b"", {}) == (200, b'{"a}')


@pytest.mark.parametrize(
    "answer",
    [
        [],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}"],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
        [b"220 mail ready\r\n\r\n"],
    ],
)
def test_answer_cut_short_or_of_another_kind_is_an_error(served, answer):
    connection, _ = served(answer)
    with pytest.raises(StackError, match="label API"):
        connection.call("GET", "/", b"", {})
