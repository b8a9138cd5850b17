"""TLS between the processes of label: a certificate of their own, made at each start, whose key never lies in
clear on a disk.

Whoever has the queue says on the log what it shows (only label may write there), and the others trust that one
alone: neither a name nor an authority is asked. It has nothing to do with the one that browsers see, which is
renewed when it likes; on the same port, who asks for `LINK` is shown this one.
"""

from __future__ import annotations

import os
import secrets
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LINK = "link.veilstream.internal"
"""The name that the others ask for (`internal`: reserved for private use, ICANN resolution 2024.07.29.06)."""
LIFE = timedelta(days=3650)
"""It ends with its process. Only clocks that differ are to be borne."""
SLACK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LinkCertificate:
    """What a process shows to its like. `certificate` is PEM."""

    certificate: str
    context: ssl.SSLContext


def new_link_certificate() -> LinkCertificate:
    """One with a key that nobody else has."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _self_signed(key, datetime.now(UTC))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    _load(context, key, certificate)
    return LinkCertificate(certificate.decode("ascii"), context)


def _self_signed(key: ec.EllipticCurvePrivateKey, now: datetime) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, LINK)])
    draft = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SLACK)
        .not_valid_after(now + LIFE)
    )
    return draft.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _load(context: ssl.SSLContext, key: ec.EllipticCurvePrivateKey, certificate: bytes) -> None:
    """Python hands OpenSSL files only: the key is in one for a moment, under a password that nobody has seen."""
    password = secrets.token_hex(32).encode()
    sealed = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password),
    )
    file, path = tempfile.mkstemp()
    try:
        os.write(file, certificate + sealed)
        context.load_cert_chain(path, password=password)
    finally:
        os.close(file)
        Path(path).unlink()


def trusting(certificate: str) -> ssl.SSLContext | bool:
    """For clients of an owner with this certificate (PEM). False where it has none: plain HTTP, on loopback."""
    if not certificate:
        return False
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the certificate itself is what is trusted
    context.load_verify_locations(cadata=certificate)
    return context
