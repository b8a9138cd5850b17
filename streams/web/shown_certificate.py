"""The certificate that a page shows, as it stands on disk: one that is renewed there is shown to whoever connects
from then on, without a restart, and connections that are open stay.

Each handshake asks which context it is made with (the callback for the server's name, RFC 6066), and is given the
newest. So a context that is in use is never changed, and one that can't be used is never used.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import structlog
from cryptography import x509
from prometheus_client import Gauge

from schemas.errors import ConfigError

BEGINS = Gauge("veil_certificate_begins_seconds", "Since when the certificate that is shown holds, as a Unix time")
EXPIRES = Gauge("veil_certificate_expires_seconds", "When the certificate that is shown expires, as a Unix time")
LOOK_S = 10.0
"""How soon a renewed one is shown. It is renewed days before the old one ends."""
ALPN = ["http/1.1"]
NO_LINKS: Mapping[str, ssl.SSLContext] = MappingProxyType({})

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PemFiles:
    """A certificate, with the chain below it, and its key."""

    certificate: Path
    key: Path

    def read(self) -> tuple[bytes, bytes]:
        """Raises ConfigError."""
        try:
            return self.certificate.read_bytes(), self.key.read_bytes()
        except OSError as error:
            raise ConfigError(f"{error.filename} can't be read: {error.strerror}") from None


class ShownCertificate:
    """Thread-safe but `look`, which is one thread's. `links`: what is shown to those who ask for another name."""

    def __init__(self, files: PemFiles, links: Mapping[str, ssl.SSLContext] = NO_LINKS) -> None:
        self._files = files
        self._links = links
        self._shown = self._seen = files.read()
        self._refused: tuple[bytes, bytes] | None = None
        self._newest = _context(files)
        self._offered = _context(files)
        self._offered.sni_callback = self._choose
        _tell(_parsed(self._shown[0]))

    @property
    def context(self) -> ssl.SSLContext:
        """What a server listens with."""
        return self._offered

    def look(self, now: datetime) -> bool:
        """Take up what stands on disk, and stood there the last time, for two files are not written at once. Says
        whether it is another one. Where it can't be used, the one before is shown on, and ConfigError raised, once
        for each that is found there.
        """
        read = self._files.read()
        before, self._seen = self._seen, read
        if read != before or read in (self._shown, self._refused):
            return False
        self._refused = read
        newest, certificate = _context(self._files), _parsed(read[0])
        if certificate.not_valid_after_utc <= now:
            raise ConfigError(f"{self._files.certificate} has expired")
        self._newest, self._shown, self._refused = newest, read, None
        _tell(certificate)
        return True

    def watch(self, ended: threading.Event) -> None:
        """Look again and again until `ended`; says what it found in the log."""
        while not ended.wait(LOOK_S):
            try:
                if self.look(datetime.now(UTC)):
                    log.info("certificate_renewed", certificate=str(self._files.certificate))
            except ConfigError as error:
                log.error("certificate_refused", why=f"{error}; the one before is shown on")

    def _choose(self, handshake: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        handshake.context = self._links.get(name or "", self._newest)


def _context(files: PemFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(ALPN)
    try:
        context.load_cert_chain(files.certificate, files.key)
    except (ssl.SSLError, OSError):  # `from None`: what OpenSSL says names no file
        raise ConfigError(f"{files.certificate} and {files.key} are no certificate (PEM) and its key") from None
    return context


def _parsed(certificate: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(certificate)
    except ValueError:
        raise ConfigError("a certificate is not PEM") from None


def _tell(certificate: x509.Certificate) -> None:
    BEGINS.set(certificate.not_valid_before_utc.timestamp())
    EXPIRES.set(certificate.not_valid_after_utc.timestamp())
