"""A client certificate that is renewed on disk, shown by a client that goes on."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from cryptography import x509

from deploy.local.authority import REGISTRY, REGISTRY_CLIENT, Certificates, ensure_certificates, renew
from deploy.local.shown import serial_of
from schemas.client_certificate import ClientContext

NOW = datetime.now(UTC)


class Server:
    """Wants a client certificate, and answers with its serial number."""

    def __init__(self, files: Certificates) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files.certificate(REGISTRY), files.key(REGISTRY))
        context.load_verify_locations(files.ca)
        context.verify_mode = ssl.CERT_REQUIRED
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection:
                if connection.recv(1, socket.MSG_PEEK) == b"":
                    return
                with self._context.wrap_socket(connection, server_side=True) as tls:
                    shown = x509.load_der_x509_certificate(tls.getpeercert(binary_form=True))
                    tls.sendall(f"{shown.serial_number:x}".encode())

    def stop(self) -> None:
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join()
        self._socket.close()


@pytest.fixture
def files(tmp_path) -> Certificates:
    (tmp_path / "tls").mkdir()
    return ensure_certificates(tmp_path / "tls", tmp_path / "ca.key", NOW)


@pytest.fixture
def server(files) -> Iterator[Server]:
    running = Server(files)
    yield running
    running.stop()


def seen(server: Server, context: ssl.SSLContext) -> int:
    with (
        socket.create_connection(("127.0.0.1", server.port)) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1") as tls,
    ):
        return int(tls.recv(100), 16)


def contexts(files: Certificates) -> list[ClientContext]:
    """In one file, and in two."""
    bundle = files.bundle(REGISTRY_CLIENT)
    return [
        ClientContext.of(files.ca, bundle),
        ClientContext.of(files.ca, files.certificate(REGISTRY_CLIENT), files.key(REGISTRY_CLIENT)),
    ]


def test_a_renewed_one_is_shown_at_the_next_connection(tmp_path, files, server):
    found = contexts(files)
    before = serial_of(files.certificate(REGISTRY_CLIENT))
    assert [seen(server, it) for it in found] == [before, before]
    renew(files, tmp_path / "ca.key", [REGISTRY_CLIENT], NOW)
    after = serial_of(files.certificate(REGISTRY_CLIENT))
    assert after != before
    assert [seen(server, it) for it in found] == [after, after]


@pytest.mark.parametrize("damage", ["nonsense", "gone", "another's key"])
def test_where_what_is_found_is_no_use_the_one_before_is_shown_on(tmp_path, files, server, damage):
    one, two = contexts(files)
    before = serial_of(files.certificate(REGISTRY_CLIENT))
    key, bundle = files.key(REGISTRY_CLIENT), files.bundle(REGISTRY_CLIENT)
    for path in (key, bundle):
        if damage == "gone":
            path.unlink()
        else:
            path.write_bytes(b"" if damage == "nonsense" else files.key(REGISTRY).read_bytes())
    assert [seen(server, one), seen(server, two)] == [before, before]
    renew(files, tmp_path / "ca.key", [REGISTRY_CLIENT], NOW)
    after = serial_of(files.certificate(REGISTRY_CLIENT))
    assert [seen(server, one), seen(server, two)] == [after, after]


def test_files_that_are_no_use_from_the_start_are_refused(files):
    with pytest.raises(OSError, match=r"\S"):
        ClientContext.of(files.ca, files.certificate(REGISTRY_CLIENT), files.key(REGISTRY))
