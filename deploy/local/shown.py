"""Which certificate a part shows on its ports, seen as a client sees it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from deploy.local.authority import BROKER, REGISTRY, REGISTRY_CLIENT, VAULT, Certificates
from deploy.local.ports import Ports

CONNECT_S = 2.0


@dataclass(frozen=True, slots=True)
class Shown:
    """A port on which a part shows a certificate, by the certificate's name; `client`: that of the one it wants to
    see, without which it would note each look as a failure.
    """

    part: str
    listener: str
    port: int
    certificate: str
    client: str | None = None


def shown_by(ports: Ports, parts: Iterable[str]) -> tuple[Shown, ...]:
    """Every port on which these parts show a certificate of ours. Vault's nodes make those among themselves."""
    everywhere = (
        Shown("kafka", "client", ports.kafka, BROKER),
        Shown("kafka", "internal", ports.kafka_internal, BROKER, BROKER),
        Shown("kafka", "controller", ports.kafka_controller, BROKER, BROKER),
        Shown("vault", "api", ports.vault, VAULT),
        Shown("registry", "api", ports.registry, REGISTRY, REGISTRY_CLIENT),
    )
    wanted = frozenset(parts)
    return tuple(it for it in everywhere if it.part in wanted)


def serial_at(shown: Shown, files: Certificates) -> int | None:
    """Serial number of the certificate that its port shows now; None where there is no answer."""
    context = ssl.create_default_context(cafile=str(files.ca))
    if shown.client is not None:
        context.load_cert_chain(files.bundle(shown.client))
    try:
        with (
            socket.create_connection(("127.0.0.1", shown.port), timeout=CONNECT_S) as raw,
            context.wrap_socket(raw, server_hostname="127.0.0.1") as tls,
        ):
            found = tls.getpeercert(binary_form=True)
    except OSError:
        return None
    return x509.load_der_x509_certificate(found).serial_number if found else None


def serial_of(certificate: Path) -> int:
    """Serial number of the certificate in a PEM file."""
    return x509.load_pem_x509_certificate(certificate.read_bytes()).serial_number
