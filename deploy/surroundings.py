"""What every process of a project is given: its identity's connections, and the topology with its pins."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from deploy.local.endpoints import Endpoints, VaultEndpoint, load_endpoints
from deploy.passwords import PasswordWatch
from deploy.provision.credentials import CredentialFiles
from deploy.provision.parts import pins_path
from schemas.codec import Codec
from schemas.control import ControlKind
from schemas.errors import ConfigError
from schemas.registry import Registry
from streams.engine.clock import SystemClock
from streams.engine.control_reader import ControlReader
from streams.engine.kafka import KafkaLog
from streams.engine.kafka_access import KafkaAccess
from streams.engine.kafka_lateness import PATIENCE_S
from topology.control import ControlBook
from topology.identity import Identity
from topology.loading import Topology, load_topology
from vault.approles import AppRoleCredentials
from vault.client import VaultClient
from vault.handing import NOTHING, Handed, take
from vault.pods import enter
from vault.session import Credentials, Session

CONTROL = "control"
POD_TOKEN = Path("run", "pod-token")
"""Below the root: where a process in a pod finds the token of its service account, and no other has anything."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """One identity's view of the world. Everything in it is thread-safe but the book, which is the loop's: of it
    other threads may ask only what `ControlBook` names.
    """

    root: Path
    identity: Identity
    project: str
    topology: Topology
    endpoints: Endpoints
    access: KafkaAccess
    log: KafkaLog
    vault: VaultClient
    registry: Registry
    codec: Codec
    clock: SystemClock
    book: ControlBook
    watch: PasswordWatch | None
    """Of a process: its password may change while it works."""

    def control(self, everywhere: AbstractSet[ControlKind] = frozenset()) -> ControlReader:
        """A reader of `control` from its start, feeding the book; of these kinds with news of all projects."""
        follower = self.log.follow([CONTROL])
        return ControlReader(follower, self.book, self.codec, self.clock, self.project, everywhere)

    def sign(self, message: bytes) -> bytes:
        """Signed by the identity's own key in Vault."""
        return self.vault.sign(self.identity.sign_key, message)

    def close(self) -> None:
        """Close all connections; a login that was handed over is ended."""
        if self.watch is not None:
            self.watch.close()
        self.vault.close()
        self.registry.close()


def surroundings(
    root: Path,
    identity: Identity,
    project: str,
    topology: Topology | None = None,
    *,
    handed: Handed = NOTHING,
    patience_s: float = PATIENCE_S,
) -> Surroundings:
    """Connect as `identity`; what logs in by what it is `handed` (`vault.handing`) logs in at once, and so does a
    process in a pod, by its token there (`vault.pods`).

    Raises ConfigError where the stack was never started or provisioned, or nothing was handed over; then also as
    `vault.handing.take`, and `vault.pods.enter`.
    """
    root = root.absolute()
    topology = topology or load_topology(extra_projects=project_folders(root), pins=pins_path(root))
    endpoints = load_endpoints(root / "run" / "endpoints.json")
    files = CredentialFiles(root)
    credentials = files.load(identity)
    if credentials.vault is None:
        raise ConfigError(f"{identity.name} has no business in Vault; it can't run a process")
    access = KafkaAccess(
        endpoints.kafka.bootstrap, endpoints.kafka.ca_file, credentials.kafka_user, credentials.kafka_password
    )
    pod_token = root / POD_TOKEN if (root / POD_TOKEN).exists() else None
    session = _session(identity, credentials.vault, endpoints.vault, handed, pod_token)  # first: it alone may fail
    registry = Registry(endpoints.registry.url, endpoints.registry.tls())
    return Surroundings(
        root=root,
        identity=identity,
        project=project,
        topology=topology,
        endpoints=endpoints,
        access=access,
        log=KafkaLog(access, patience_s),
        vault=VaultClient(session, project),
        registry=registry,
        codec=Codec(registry),
        clock=SystemClock(),
        book=ControlBook(topology.flow, topology.pins, topology.projects),
        watch=PasswordWatch(files, identity, access.login) if handed.token or pod_token else None,
    )


def _session(
    identity: Identity, mine: AppRoleCredentials, vault: VaultEndpoint, handed: Handed, pod_token: Path | None
) -> Session:
    if pod_token is not None:
        return enter(vault.url, vault.ca_file, identity.name, pod_token, handed.on_lost)
    if mine.secret_id:
        credentials = Credentials(role_id=mine.role_id, secret_id=mine.secret_id)
        return Session(vault.url, vault.ca_file, credentials)
    if not handed.token:
        raise ConfigError(
            f"{identity.name} is handed what it logs in with when it is started; `veil up` starts it"
        )
    return take(vault.url, vault.ca_file, identity.name, mine.role_id, handed)


def project_folders(root: Path) -> list[Path]:
    """Where a user's own project files are, besides the packaged ones: `<root>/projects`, if there is one."""
    folder = root / "projects"
    return [folder] if folder.is_dir() else []
