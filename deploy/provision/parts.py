"""The three parts that the topology is applied to, and where its files are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.local.endpoints import Endpoints
from deploy.provision.desired import desired_vault
from deploy.provision.kafka_admin import KafkaAdmin
from schemas.errors import ConfigError
from schemas.registrar import Registrar
from schemas.registry import Registry
from topology.identity import PLATFORM, Identity
from topology.loading import Topology
from topology.topics import Environment
from vault.approles import AppRoles
from vault.bootstrap import bootstrapped
from vault.provision import Change, Provisioner
from vault.session import Credentials, Session

PROVISIONER = Identity("provisioner", PLATFORM)


@dataclass(frozen=True, slots=True)
class Parts:
    """Admin's connections. `root` is where credentials and pins are kept.

    `registrar` is made where something is registered, which takes a key that nothing else here needs: raises
    ConfigError without it. Whoever makes it closes it.
    """

    kafka: KafkaAdmin
    vault: Provisioner
    logins: AppRoles
    registry: Registry
    registrar: Callable[[], Registrar]
    root: Path
    environment: Environment = Environment.LOCAL
    audience: str | None = None
    """For whom pods' tokens are made, where pods may log in to Vault."""

    @property
    def pins_file(self) -> Path:
        """Where the pinned public keys are."""
        return pins_path(self.root)


def pins_path(root: Path) -> Path:
    """Where the pinned public keys are, below the root of all files."""
    return root / "topology" / "pins.json"


@contextmanager
def administrator(endpoints: Endpoints) -> Iterator[Session]:
    """A session in Vault under the token that the endpoints name. Raises ConfigError."""
    vault = endpoints.vault
    try:
        token = vault.token_file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise _no_secret(error) from None
    session = Session(vault.url, vault.ca_file, Credentials(token=token))
    try:
        yield session
    finally:
        session.close()


@contextmanager
def connected(endpoints: Endpoints, root: Path) -> Iterator[Parts]:
    """The parts, under the administrators' credentials that the endpoints name. Raises ConfigError."""
    several = endpoints.kafka.copies == str(Environment.PRODUCTION.replication)
    environment = Environment.PRODUCTION if several else Environment.LOCAL
    try:
        settings = endpoints.kafka.client_settings()
        registry = Registry(endpoints.registry.url, endpoints.registry.tls())
    except OSError as error:
        raise _no_secret(error) from None
    with closing(registry), administrator(endpoints) as session:
        admin, vault, logins = KafkaAdmin(settings), Provisioner(session), AppRoles(session)
        registrar, audience = endpoints.registry.registrar, endpoints.vault.pods
        yield Parts(admin, vault, logins, registry, registrar, root, environment, audience)


@contextmanager
def as_provisioner(
    parts: Parts, endpoints: Endpoints, topology: Topology
) -> Iterator[tuple[Parts, tuple[Change, ...]]]:
    """The same, in Vault by a token of its own with the provisioner's rights, which ends with it; and what the
    administrator had to do for that. Raises VaultUnavailable, AccessDenied.
    """
    vault = endpoints.vault
    prepared = parts.vault.prepare(desired_vault(topology), PROVISIONER.name)
    with (
        administrator(endpoints) as session,
        bootstrapped(session, vault.url, vault.ca_file, PROVISIONER.name) as own,
    ):
        yield replace(parts, vault=Provisioner(own), logins=AppRoles(own)), prepared


def _no_secret(error: OSError) -> ConfigError:
    return ConfigError(f"{error.filename}: {error.strerror}; it should hold an administrator's secret")
