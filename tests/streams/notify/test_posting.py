"""Attempts against real receivers on loopback, good, bad and hostile."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.local.authority import VAULT, ensure_certificates
from streams.notify.addresses import refused
from streams.notify.posting import Destination, Outcome, of_status, post
from tests.streams.notify.making import receiving

BODY = b'{"type":"x"}'


def send(url: str, *, limit_s: float = 5.0, private: bool = True, context=None, look_up=None) -> Outcome:
    seams = {"look_up": look_up} if look_up else {}
    return post(Destination(url, private, context), BODY, {"webhook-id": "msg_1"}, limit_s, **seams)


def test_a_message_arrives_with_its_headers_and_bytes() -> None:
    with receiving() as receiver:
        assert send(f"{receiver.url}?from=veil") is Outcome.DELIVERED
        (found,) = receiver.seen
    assert (found.path, found.body, found.headers["webhook-id"]) == ("/veil?from=veil", BODY, "msg_1")
    assert found.headers["host"] == receiver.url.split("/")[2]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.DELIVERED),
        (299, Outcome.DELIVERED),
        (302, Outcome.REDIRECTED),
        (404, Outcome.ANSWERED_4XX),
        (410, Outcome.GONE),
        (500, Outcome.ANSWERED_5XX),
    ],
)
def test_the_status_says_how_it_went(status: int, outcome: Outcome) -> None:
    with receiving(lambda _: status) as receiver:
        assert send(receiver.url) is outcome


def test_a_redirect_is_not_followed() -> None:
    with receiving() as elsewhere, receiving(lambda _: 307) as receiver:
        receiver.headers["Location"] = elsewhere.url
        assert send(receiver.url) is Outcome.REDIRECTED
        assert elsewhere.seen == []


def test_a_status_that_is_none_is_no_delivery() -> None:
    assert of_status(101) is not Outcome.DELIVERED
    with hostile(b"nonsense\r\n\r\n") as url:
        assert send(url) is Outcome.UNREACHABLE


def test_nobody_listening_is_unreachable_and_so_is_a_name_that_does_not_exist() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
    assert send(url) is Outcome.UNREACHABLE

    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    assert send("http://localhost/", look_up=unknown) is Outcome.UNREACHABLE


@pytest.mark.parametrize("host", ["a..b", ".example.com", f"{'a' * 64}.example.com"])
def test_a_name_that_no_resolver_takes_is_unreachable(host: str) -> None:
    assert send(f"https://{host}/", context=ssl.create_default_context()) is Outcome.UNREACHABLE


class hostile:  # noqa: N801 - a context manager
    """A server that takes a connection, sends what it is told, slowly if so, and leaves the connection open."""

    def __init__(self, answer: bytes, drip_s: float = 0.0) -> None:
        self.answer, self.drip_s, self.done = answer, drip_s, threading.Event()

    def __enter__(self) -> str:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return f"http://127.0.0.1:{self.server.getsockname()[1]}/"

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.server.close()
        self.thread.join()

    def serve(self) -> None:
        connection, _ = self.server.accept()
        with connection:
            connection.recv(65_536)
            try:
                for byte in self.answer:
                    connection.sendall(bytes([byte]))
                    if self.drip_s and self.done.wait(self.drip_s):
                        return
            except OSError:
                return
            self.done.wait()


@pytest.mark.parametrize(
    ("answer", "drip_s"),
    [(b"", 0.0), (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 10_000, 0.05)],
    ids=["says nothing", "one byte at a time"],
)
def test_a_receiver_that_takes_for_ever_costs_only_so_long(answer: bytes, drip_s: float) -> None:
    with hostile(answer, drip_s) as url:
        began = time.monotonic()
        assert send(url, limit_s=0.5) is Outcome.TOO_SLOW
        assert time.monotonic() - began < 5


def test_an_endless_body_is_not_read() -> None:
    with hostile(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nbegin") as url:
        assert send(url) is Outcome.DELIVERED


def test_endless_headers_are_cut_off() -> None:
    with hostile(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5_000) as url:
        assert send(url) is Outcome.UNREACHABLE


def test_an_address_of_our_own_network_is_refused_before_a_connection_is_made() -> None:
    with receiving() as receiver:
        assert send(receiver.url, private=False) is Outcome.ADDRESS_REFUSED
        assert receiver.seen == []


def test_a_name_is_looked_up_once_and_that_address_is_used() -> None:
    asked = []
    with receiving() as receiver:
        port = receiver.server.server_address[1]

        def look_up(host: str, wanted: int) -> list[str]:
            asked.append((host, wanted))
            return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

        assert send(f"http://hooks.example:{port}/", look_up=look_up) is Outcome.DELIVERED
        assert receiver.seen[0].headers["host"] == f"hooks.example:{port}"
    assert asked == [("hooks.example", port)]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "10.0.0.1",
        "172.16.5.5",
        "192.168.1.1",
        "100.64.0.1",
        "fd00::1",
        "fec0::1",
        "::ffff:10.0.0.1",
        "169.254.169.254",
        "fe80::1%eth0",
        "0.0.0.0",  # noqa: S104 - nothing is bound
        "::",
        "224.0.0.1",
        "255.255.255.255",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "2001:0:a00:1::",
        "nonsense",
    ],
)
def test_only_public_addresses_are_used_unless_the_project_says_private(address: str) -> None:
    assert refused([address], private=False)
    assert refused(["1.1.1.1", address], private=False)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111"])
def test_public_addresses_are_used(address: str) -> None:
    assert not refused([address], private=False)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "fe80::1",
        "::ffff:169.254.169.254",
        "::",
        "224.0.0.1",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "fd00:c1::a9fe:a9fe",
        "100.100.100.200",
        "::ffff:100.100.100.200",
        "168.63.129.16",
    ],
)
def test_some_addresses_are_never_used(address: str) -> None:
    assert refused([address], private=True)


def test_private_ones_are_where_the_project_says_so_and_no_address_is_none() -> None:
    assert not refused(["10.0.0.1", "127.0.0.1", "fd00::1", "fec0::1", "100.64.0.1"], private=True)
    assert refused([], private=True)


def certified(root: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """One that trusts, and one with a certificate for this machine."""
    files = ensure_certificates(root, root / "ca.key", datetime.now(UTC))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.certificate(VAULT), files.key(VAULT))
    return ssl.create_default_context(cafile=str(files.ca)), server


def test_over_tls_the_certificate_must_be_the_names_own_and_of_a_trusted_authority(tmp_path) -> None:
    trusting, server = certified(tmp_path)
    with receiving() as receiver:
        receiver.server.socket = server.wrap_socket(receiver.server.socket, server_side=True)
        url = receiver.url.replace("http:", "https:")
        assert send(url, context=trusting) is Outcome.DELIVERED
        assert send(url, context=ssl.create_default_context()) is Outcome.UNREACHABLE
        stranger = url.replace("127.0.0.1", "hooks.example")
        assert send(stranger, context=trusting, look_up=lambda *_: ["127.0.0.1"]) is Outcome.UNREACHABLE
        assert len(receiver.seen) == 1


@pytest.mark.parametrize("shakes_hands", [False, True])
def test_the_time_of_an_attempt_is_one_for_the_handshake_and_the_answer(tmp_path, shakes_hands) -> None:
    trusting, server = certified(tmp_path)
    hung_up = threading.Event()

    def serve(listening: socket.socket) -> None:
        plain, _ = listening.accept()
        with plain, contextlib.suppress(OSError):
            hung_up.wait(1.5)
            if shakes_hands:
                with server.wrap_socket(plain, server_side=True) as secure:
                    while secure.recv(65_536):
                        pass
            hung_up.wait()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=[listening], daemon=True)
        thread.start()
        began = time.monotonic()
        url = f"https://127.0.0.1:{listening.getsockname()[1]}/"
        assert send(url, limit_s=2.0, context=trusting) is Outcome.TOO_SLOW
        assert time.monotonic() - began < 3.2
        hung_up.set()
        thread.join()


def test_a_destination_does_not_show_its_address() -> None:
    assert "token" not in repr(Destination("https://hooks.example/?token=t", False, None))
