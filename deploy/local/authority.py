"""The stack's own certificate authority and the certificates it gives to the parts (X.509, RFC 5280)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deploy.supervise.files import write_atomically

AUTHORITY_LIFE = timedelta(days=3650)
# 825 days is the most that Apple's clients accept for a server.
LEAF_LIFE = timedelta(days=825)
RENEW_BEFORE = timedelta(days=14)  # no stack is expected to run longer than this without a restart
BACKDATED = timedelta(hours=1)  # a container's clock may lag behind

BROKER = "veil-broker"
"""Common name of the broker, as server and, among its own listeners, as client."""
VAULT = "veil-vault"
REGISTRY = "veil-registry"
REGISTRY_CLIENT = "veil-registry-client"

_SERVER, _CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
_USAGES = {
    BROKER: (_SERVER, _CLIENT),
    VAULT: (_SERVER,),
    REGISTRY: (_SERVER,),
    REGISTRY_CLIENT: (_CLIENT,),
}


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files in one folder: `NAME.pem` (certificate), `NAME.key` (PKCS #8), `NAME.all.pem` (all three)."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def certificate(self, name: str) -> Path:
        return self.folder / f"{name}.pem"

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def bundle(self, name: str) -> Path:
        """Key, certificate and CA in one file, the form that Kafka's PEM key store wants."""
        return self.folder / f"{name}.all.pem"


def ensure_certificates(folder: Path, authority_key: Path, now: datetime) -> Certificates:
    """Create what is missing or about to expire; keep the rest. `now` is timezone-aware. Files are 0600."""
    files = Certificates(folder)
    if not (files.ca.exists() and authority_key.exists()) or _expires(files.ca, now):
        _create_authority(files, authority_key, now)
    for name, usages in _USAGES.items():
        if not files.bundle(name).exists() or _expires(files.certificate(name), now):
            _issue(files, authority_key, name, usages, now)
    return files


def _create_authority(files: Certificates, key_file: Path, now: datetime) -> None:
    for name in _USAGES:
        files.bundle(name).unlink(missing_ok=True)  # signed by a key that is gone
    key = ec.generate_private_key(ec.SECP256R1())
    own = _name("veil-local-ca")
    builder = (
        _draft(own, own, key.public_key(), now, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    write_atomically(key_file, _pem_key(key))
    write_atomically(files.ca, _pem(builder.sign(key, hashes.SHA256())))


def _issue(
    files: Certificates, authority_key: Path, name: str, usages: tuple[x509.ObjectIdentifier, ...], now: datetime
) -> None:
    authority = x509.load_pem_x509_certificate(files.ca.read_bytes())
    signer = serialization.load_pem_private_key(authority_key.read_bytes(), password=None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _draft(_name(name), authority.subject, key.public_key(), now, LEAF_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(_here(), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    write_atomically(files.key(name), _pem_key(key))
    write_atomically(files.certificate(name), _pem(certificate))
    write_atomically(files.bundle(name), _pem_key(key) + _pem(certificate) + _pem(authority))


def _draft(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + life)
    )


def _expires(certificate: Path, now: datetime) -> bool:
    expiry = x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    return expiry - now < RENEW_BEFORE


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _here() -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName(
        [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pem_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
