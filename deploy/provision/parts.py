"""The three parts that the topology is applied to, and where its files are kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.endpoints import Endpoints
from deploy.provision.kafka_admin import KafkaAdmin
from schemas.errors import ConfigError
from schemas.registry import Registry
from topology.topics import Environment
from vault.provision import Provisioner
from vault.session import Credentials, Session


@dataclass(frozen=True, slots=True)
class Parts:
    """Admin's connections. `root` is where credentials and pins are kept."""

    kafka: KafkaAdmin
    vault: Provisioner
    registry: Registry
    root: Path
    environment: Environment = Environment.LOCAL

    @property
    def pins_file(self) -> Path:
        """Where the pinned public keys are."""
        return pins_path(self.root)


def pins_path(root: Path) -> Path:
    """Where the pinned public keys are, below the root of all files."""
    return root / "topology" / "pins.json"


@contextmanager
def connected(endpoints: Endpoints, root: Path, environment: Environment = Environment.LOCAL) -> Iterator[Parts]:
    """The parts, under the administrators' credentials that the endpoints name. Raises ConfigError."""
    try:
        token = endpoints.vault.token_file.read_text(encoding="utf-8").strip()
        settings = endpoints.kafka.client_settings()
    except OSError as error:
        raise ConfigError(
            f"{error.filename}: {error.strerror}; it should hold an administrator's secret"
        ) from None
    session = Session(endpoints.vault.url, endpoints.vault.ca_file, Credentials(token=token))
    registry = Registry(endpoints.registry.url, endpoints.registry.tls())
    try:
        yield Parts(KafkaAdmin(settings), Provisioner(session), registry, root, environment)
    finally:
        registry.close()
        session.close()
