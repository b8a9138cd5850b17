"""The stack's own certificate authority and the certificates it gives to the parts (X.509, RFC 5280)."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from schemas.errors import StackError
from schemas.files import write_atomically

AUTHORITY_LIFE = timedelta(days=3650)
# 825 days is the most that Apple's clients accept for a server.
LEAF_LIFE = timedelta(days=825)
RENEWED_LEFT = 1 / 3
"""The share of its life that a certificate has left when it is renewed: 275 days for a renewal that fails to be
noticed."""
AUTHORITY_LEFT = timedelta(days=14)
"""Another authority is made at a start only: every client would have to read it anew."""
BACKDATED = timedelta(hours=1)  # a container's clock may lag behind

BROKER = "veil-broker"
"""Common name of the broker, as server and, among its own listeners, as client."""
VAULT = "veil-vault"
REGISTRY = "veil-registry"
REGISTRY_CLIENT = "veil-registry-client"

SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


@dataclass(frozen=True, slots=True)
class Wanted:
    """A certificate that somebody needs. `names`: where it is reached beside this machine's own names; `acts_as`:
    its common name, where that isn't the name of its files.
    """

    usages: tuple[ObjectIdentifier, ...]
    names: tuple[str, ...] = ()
    acts_as: str = ""


LOCAL: Mapping[str, Wanted] = MappingProxyType(
    {
        BROKER: Wanted((SERVER, CLIENT)),
        VAULT: Wanted((SERVER,)),
        REGISTRY: Wanted((SERVER,)),
        REGISTRY_CLIENT: Wanted((CLIENT,)),
    }
)
"""Those of a stack on this machine, by the name of their files."""


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


@dataclass(frozen=True, slots=True)
class Issued:
    """One certificate and its key in PEM, with the authority that has signed it; not written yet."""

    name: str
    key: bytes
    certificate: bytes
    ca: bytes

    @property
    def bundle(self) -> bytes:
        return self.key + self.certificate + self.ca


def ensure_certificates(
    folder: Path, authority_key: Path, now: datetime, wanted: Mapping[str, Wanted] = LOCAL
) -> Certificates:
    """Create what is missing, due or was cut short; keep the rest. `now` is timezone-aware. Files are 0600.

    Raises StackError, as `renew`.
    """
    files = Certificates(folder)
    if not (files.ca.exists() and authority_key.exists()) or _ends(files.ca) - now < AUTHORITY_LEFT:
        _create_authority(files, authority_key, now, wanted)
    renew(files, authority_key, [name for name in wanted if not _whole(files, name)], now, wanted)
    renew(files, authority_key, due(files, now, wanted), now, wanted)
    return files


def due(files: Certificates, now: datetime, wanted: Mapping[str, Wanted] = LOCAL) -> tuple[str, ...]:
    """Names of the certificates that are to be renewed now; all are there."""
    authority = _ends(files.ca)
    return tuple(name for name in wanted if _is_due(_load(files.certificate(name)), authority, now))


def renew(
    files: Certificates,
    authority_key: Path,
    names: Sequence[str],
    now: datetime,
    wanted: Mapping[str, Wanted] = LOCAL,
) -> None:
    """Other keys and certificates in the place of these. All are made and looked at before one is written.

    Raises StackError where one could not be used; then nothing is written.
    """
    if not names:
        return
    authority = _load(files.ca)
    if authority.not_valid_after_utc <= now:
        raise StackError("The stack's authority has ended, so it signs no more; start again: another one is made.")
    signer = _signer(authority_key)
    issued = [_issue(authority, signer, name, wanted[name], now) for name in names]
    for one in issued:
        _require_usable(one, authority)
    for one in issued:
        write_atomically(files.key(one.name), one.key)
        write_atomically(files.certificate(one.name), one.certificate)
        write_atomically(files.bundle(one.name), one.bundle)  # last: `_whole` finds what was cut short


def everything() -> tuple[str, ...]:
    """Names of all certificates that a local stack's authority gives."""
    return tuple(LOCAL)


def _is_due(certificate: x509.Certificate, authority_ends: datetime, now: datetime) -> bool:
    """With a third of its life left, and where another one would last longer."""
    ends = certificate.not_valid_after_utc
    life = ends - certificate.not_valid_before_utc
    return ends - now < life * RENEWED_LEFT and ends < authority_ends


def _require_usable(issued: Issued, authority: x509.Certificate) -> None:
    certificate = x509.load_pem_x509_certificate(issued.certificate)
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        raise StackError(
            "The key ca.key is not that of the authority ca.pem, so what it signs is no use; the certificates "
            "stay as they are. Put the right key back, or remove ca.key and start again: then another authority "
            "is made."
        ) from None


def _whole(files: Certificates, name: str) -> bool:
    """Whether the three files are of one issue, under the authority that is there."""
    parts = (files.key(name), files.certificate(name), files.ca)
    if not all(path.exists() for path in (*parts, files.bundle(name))):
        return False
    return files.bundle(name).read_bytes() == b"".join(path.read_bytes() for path in parts)


def _create_authority(files: Certificates, key_file: Path, now: datetime, wanted: Mapping[str, Wanted]) -> None:
    for name in wanted:
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
    authority: x509.Certificate, signer: ec.EllipticCurvePrivateKey, name: str, wanted: Wanted, now: datetime
) -> Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    life = min(LEAF_LIFE, authority.not_valid_after_utc - now)
    certificate = (
        _draft(_name(wanted.acts_as or name), authority.subject, key.public_key(), now, life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(wanted.usages), critical=False)
        .add_extension(_here(wanted.names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return Issued(name, _pem_key(key), _pem(certificate), _pem(authority))


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


def _signer(authority_key: Path) -> ec.EllipticCurvePrivateKey:
    try:
        signer = serialization.load_pem_private_key(authority_key.read_bytes(), password=None)
    except ValueError:
        signer = None
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise StackError(f"{authority_key} holds no key of an authority; put the right one back.")
    return signer


def _load(certificate: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(certificate.read_bytes())


def _ends(certificate: Path) -> datetime:
    return _load(certificate).not_valid_after_utc


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _here(names: Sequence[str]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName(
        [
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            *(x509.DNSName(name) for name in ("localhost", *names)),
        ]
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
