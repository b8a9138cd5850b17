from __future__ import annotations

import socket
from contextlib import suppress
from urllib.parse import urlparse

import pytest

from streams.label.settings import ApiSettings

PACKET = b"X-Filler: " + b"x" * 1000 + b"\r\n"


@pytest.fixture
def wire(api):
    where = urlparse(api.url)
    with socket.create_connection((where.hostname, where.port), 10) as connected:
        yield connected


def send_far_beyond_the_limit(wire, packet=b"x" * 1000):
    """Headers or trailers a hundred times their limit. Ends when the server hangs up; TimeoutError if it doesn't.

    What was sent before it noticed may lie in the kernel's buffers, so that the end shows only in what is read.
    """
    with suppress(ConnectionResetError, BrokenPipeError):
        for _ in range(100 * ApiSettings().header_bytes // len(packet)):
            wire.sendall(packet)
        everything(wire)


def everything(wire):
    """All that comes until the server hangs up."""
    data = b""
    while packet := wire.recv(65536):
        data += packet
    return data


def answers(data):
    """The status of each answer."""
    return [int(part[:3]) for part in data.split(b"HTTP/1.1 ")[1:]]


CHUNKED = b"POST /v1/leases/x-1/skip HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"


@pytest.mark.parametrize("start", [b"0\r\n", b"0\r\nX-Endless: "])
def test_trailers_without_an_end_are_refused_after_their_limit(wire, start):
    wire.sendall(CHUNKED + b"\r\n" + start)
    send_far_beyond_the_limit(wire, b"t: xxx\r\n" * 100 if start == b"0\r\n" else b"x" * 1000)


def test_a_long_chunked_body_with_a_short_trailer_is_read(api, wire):
    token = f"Authorization: Bearer {api.token()}\r\n".encode()
    wire.sendall(CHUNKED + token + b"Connection: close\r\n\r\n")
    for _ in range(60):
        wire.sendall(b"3e8\r\n" + b" " * 1000 + b"\r\n")
    wire.sendall(b"0\r\nX-Short: yes\r\n\r\n")
    assert b"bad_json" in (answer := everything(wire))  # sixty thousand blanks
    assert answers(answer) == [400]


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
def test_an_upgrade_is_refused_and_its_body_is_no_request(wire, protocol):
    head = b"POST /v1/leases/x-1/skip HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: " + protocol
    inner = b"GET /v1/me HTTP/1.1\r\nHost: x\r\n\r\n"
    wire.sendall(head + b"\r\nContent-Length: %d\r\n\r\n" % len(inner) + inner)
    assert answers(everything(wire)) == [400]


@pytest.mark.parametrize("start", [b"GET /v1/me HTTP/1.1\r\n", b"GET /", b"GET /v1/me HTTP/1.1\r\nX-Endless: "])
def test_headers_without_an_end_are_refused_after_their_limit(wire, start):
    wire.sendall(start)
    send_far_beyond_the_limit(wire)


def test_headers_in_small_packets_are_served_below_the_limit(api, wire):
    token = f"Authorization: Bearer {api.token()}\r\n".encode()
    request = b"GET /v1/me HTTP/1.1\r\nHost: x\r\n" + PACKET * 5 + token + b"Connection: close\r\n\r\n"
    for at in range(0, len(request), 100):
        wire.sendall(request[at : at + 100])
    assert answers(everything(wire)) == [200]


def test_body_before_the_next_headers_is_not_counted_as_theirs(api, wire):
    token = f"Authorization: Bearer {api.token()}\r\n".encode()
    body = b" " * 60_000
    first = b"POST /v1/leases/x-1/skip HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n" + token + b"\r\n" + body
    second = b"GET /v1/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + token
    wire.sendall(first + second)
    wire.sendall(b"\r\n")
    assert answers(everything(wire)) == [400, 200]


def test_bytes_that_are_no_http_are_refused(wire):
    wire.sendall(b"\x16\x03\x01 no http\r\n\r\n")
    assert answers(everything(wire)) == [400]
