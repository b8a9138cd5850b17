"""What a cluster stands on, below its root: certificates, secrets, ports, and the files of each container.

ca, secrets/          of whoever runs it: authority, passwords, keys; no container sees these folders
given/NAME            what one container reads, as /veil
data/NAME             what one part keeps, as /data
logins/SLOT           the socket at which one process is handed its login
cluster.env           the variables of the compose file
run/endpoints.json    where the parts are, for commands on this machine
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from deploy.compose import watching
from deploy.compose.census import LOOKS_AS
from deploy.compose.cluster import (
    BROKERS,
    CENSUS,
    CLIENT,
    GRAFANA,
    NODES,
    PROMETHEUS,
    REGISTRY,
    SCHEMAS,
    STARTER,
    VAULT,
    Process,
    files_of,
    gateway,
    is_page,
    page_port,
    pages,
    port_of,
    processes,
)
from deploy.compose.parts import LOOPBACK, NAMES, SEAL_KEY, TLS, broker, certificates, node
from deploy.compose.services import ARGUMENTS, DATA, NOBODY, WRITER, folders, ports
from deploy.containers.collect import USER
from deploy.containers.outfit import INSIDE, contents, give
from deploy.kubernetes.given import provider_inside
from deploy.kubernetes.placing import Placed
from deploy.kubernetes.pods import OIDC_CA, OIDC_SECRET
from deploy.local.authority import REGISTRY as REGISTRY_CERTIFICATE
from deploy.local.authority import REGISTRY_CLIENT, Certificates, ensure_certificates
from deploy.local.endpoints import (
    Endpoints,
    KafkaEndpoint,
    RegistryEndpoint,
    VaultEndpoint,
    load_endpoints,
    save_endpoints,
    text,
)
from deploy.local.kafka import ADMIN, cluster_id, format_arguments, logging_settings, properties
from deploy.local.openbao import SEAL_KEY_BYTES
from deploy.local.ports import HIGHEST, LOWEST, is_free
from deploy.local.registry_rights import CONFLUENT_API
from deploy.local.writer_key import FILE as WRITER_KEY
from deploy.local.writer_key import ensure_writer_key
from deploy.signin.configuration import FILE as SIGN_IN
from deploy.signin.configuration import ISSUER, Listening, Provider, SignInConfiguration, load
from deploy.signin.configuration import text as signing_in
from deploy.starting import IDENTITY as STARTING
from deploy.supervise.files import PRIVATE_FOLDER, make_private_folder
from deploy.surroundings import project_folders
from schemas.errors import StackError
from schemas.files import write_atomically
from topology.identity import Identity
from topology.loading import Topology
from topology.topics import Environment

FOLDER_ITSELF = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
PASSWORD, TOKEN, GRAFANA_PASSWORD = "kafka-admin-password", "vault-root-token", "grafana-password"
NAME, FILES = "COMPOSE_PROJECT_NAME", "CLUSTER_FILES_"
"""Variables: of the cluster's name, so that it is said once; and what those begin with that tell files apart."""
TAKEN_UP = frozenset({"identities", "starting-token", ARGUMENTS.name})
"""Parts of names of files that are read anew while a process runs, or once: passwords, what one begins with."""
PAGE_NAME = "localhost"
"""What people's browsers call the pages: their ports are published on this machine's loopback."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The files of one cluster. `name`: of its project of Compose; `environ` says how people sign in; `fresh`
    gives ports to try, in an order of its own.
    """

    root: Path
    topology: Topology
    now: Callable[[], datetime]
    name: str = "veilstream"
    environ: Mapping[str, str] = field(default_factory=dict)
    fresh: Callable[[], Iterable[int]] = lambda: random.SystemRandom().sample(range(LOWEST, HIGHEST), k=1000)

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def variables_file(self) -> Path:
        """For `docker compose --env-file`."""
        return self.root / "cluster.env"

    def prepare(self, images: str) -> Endpoints:
        """Everything that the parts need to start. `images`: what the names of the images begin with.

        What is there is kept, but for certificates that are due. Raises StackError.
        """
        for private in (self.root, self.secrets, self.root / "tls", self.root / "run", self.root / "logs"):
            make_private_folder(private)
        made = self._certificates()
        variables = self._variables(images)
        for folder in folders(self.topology):
            own(self.root, folder)
        given = [
            *(self._give(it, it, self._broker(it, made, int(variables[port_of(it)]))) for it in BROKERS),
            *(self._give(it, it, self._node(it, made)) for it in NODES),
            self._give(REGISTRY, REGISTRY, _tls(made, REGISTRY_CERTIFICATE, "veil-registry")),
            self._give(PROMETHEUS, PROMETHEUS, watching.prometheus_files(self.topology)),
            self._give(GRAFANA, GRAFANA, watching.grafana_files(self._secret(GRAFANA_PASSWORD))),
        ]
        self._write(variables | dict(given))
        endpoints = self._endpoints(made, variables)
        save_endpoints(self.root / "run" / "endpoints.json", endpoints)
        return endpoints

    def formatted(self) -> None:
        """Take the administrator's password away from the brokers: whose storage does not know it yet, is given it
        at the next start.
        """
        for name in BROKERS:
            (self.root / "given" / name / ARGUMENTS.name).unlink(missing_ok=True)

    def fit_out(self, starting_token: str) -> None:
        """What each process reads; again after passwords, rights or projects have changed. Raises ConfigError."""
        made = Certificates(self.root / "tls")
        variables, given = self.variables(), []
        for process in processes(self.topology):
            found = self._outfit(process.who.identity)
            if is_page(process.who):
                found |= self._page(process, made, int(variables[page_port(process.who)]))
            given.append(self._give(process.service, process.slot, found))
        given.append(self._give(STARTER, STARTER, self._outfit(STARTING) | self._starting(starting_token)))
        given.append(self._give(CENSUS, CENSUS, _without_vault(self._outfit(LOOKS_AS), LOOKS_AS)))
        self._write(variables | dict(given))
        self._sweep()

    def variables(self) -> dict[str, str]:
        """Those of the compose file. Raises StackError where nothing was prepared."""
        try:
            lines = self.variables_file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            raise StackError(
                f"No cluster has been made in {self.root}; run `python -m deploy.compose up`."
            ) from None
        return dict(line.split("=", 1) for line in lines)

    def page_url(self, who: Placed) -> str:
        """Where people's browsers and robots come to."""
        return f"https://{PAGE_NAME}:{self.variables()[page_port(who)]}"

    @property
    def ca(self) -> Path:
        """By which everything here is known."""
        return Certificates(self.root / "tls").ca

    def _give(self, service: str, name: str, found: Mapping[Path, bytes]) -> tuple[str, str]:
        """These files and no others. The variable that tells one state of them from another, and its value."""
        folder = self.root / "given" / name
        give(folder, found)
        for file in [it for it in folder.rglob("*") if not it.is_dir() and it.relative_to(folder) not in found]:
            file.unlink()
        return files_of(service), digest(found)

    def _sweep(self) -> None:
        """What containers were given and shown that are no more."""
        slots = {it.slot for it in processes(self.topology)}
        known = {
            "given": {*slots, *BROKERS, *NODES, REGISTRY, STARTER, CENSUS, PROMETHEUS, GRAFANA},
            "logins": slots,
        }
        for where, names in known.items():
            for folder in [it for it in (self.root / where).iterdir() if it.name not in names]:
                shutil.rmtree(folder)

    def _write(self, variables: Mapping[str, str]) -> None:
        write_atomically(self.variables_file, "".join(f"{key}={value}\n" for key, value in variables.items()))

    def _certificates(self) -> Certificates:
        named = {
            _page_certificate(who): (
                gateway(who),
                *(f"{it.service}-page" for it in processes(self.topology) if it.who == who),
            )
            for who in pages(self.topology)
        }
        key = self.secrets / "ca.key"
        return ensure_certificates(self.root / "tls", key, self.now(), certificates(named))

    def _variables(self, images: str) -> dict[str, str]:
        """Ports stay what they were at the first start, for clients keep addresses."""
        known = self.variables() if self.variables_file.exists() else {}
        fresh = iter(self.fresh())
        taken = set(known.values())
        found = {}
        for name in ports(self.topology):
            port = known.get(name) or next((str(it) for it in fresh if str(it) not in taken and is_free(it)), "")
            if not port:
                raise StackError(
                    f"No free ports between {LOWEST} and {HIGHEST} on {LOOPBACK}; close some programs."
                )
            taken.add(port)
            found[name] = port
        user = NOBODY if os.geteuid() == 0 else f"{os.getuid()}:{os.getgid()}"
        said = {NAME: self.name, "CLUSTER_ROOT": str(self.root), "CLUSTER_IMAGES": images, "CLUSTER_USER": user}
        said[WRITER] = ensure_writer_key(self.secrets / WRITER_KEY).public
        return {key: value for key, value in known.items() if key.startswith(FILES)} | said | found

    def _broker(self, name: str, made: Certificates, port: int) -> dict[Path, bytes]:
        denied = DATA / "logs" / "denied.log"
        found = _tls(made, name, name) | {
            Path("server.properties"): properties(broker(name, port)).encode(),
            Path("log4j2.properties"): properties(logging_settings(denied)).encode(),
            Path("java.security"): properties(NAMES).encode(),
        }
        if not (self.root / "data" / name / "formatted").exists():
            arguments = format_arguments(INSIDE / "server.properties", self._cluster_id(), self._secret(PASSWORD))
            found[Path(ARGUMENTS.name)] = "\n".join([*arguments, "--ignore-formatted"]).encode()
        return found

    def _node(self, name: str, made: Certificates) -> dict[Path, bytes]:
        seal = self.secrets / "vault-seal-key"
        if not seal.exists():
            write_atomically(seal, secrets.token_bytes(SEAL_KEY_BYTES))
        return _tls(made, name, name) | {
            Path("openbao.hcl"): node(name).encode(),
            Path(SEAL_KEY): seal.read_bytes(),
        }

    def _secret(self, name: str) -> str:
        path = self.secrets / name
        if not path.exists():
            write_atomically(path, secrets.token_hex(32))
        return path.read_text(encoding="ascii").strip()

    def _cluster_id(self) -> str:
        path = self.root / "run" / "kafka-cluster-id"
        if not path.exists():
            write_atomically(path, cluster_id())
        return path.read_text(encoding="ascii").strip()

    def _endpoints(self, made: Certificates, variables: Mapping[str, str]) -> Endpoints:
        """As this machine reaches them."""
        bundle = made.bundle(REGISTRY_CLIENT)
        at = {name: f"{LOOPBACK}:{variables[port_of(name)]}" for name in (*BROKERS, *NODES, REGISTRY)}
        return Endpoints(
            KafkaEndpoint(
                ",".join(at[name] for name in BROKERS),
                made.ca,
                ADMIN,
                self.secrets / PASSWORD,
                copies=str(Environment.PRODUCTION.replication),
            ),
            VaultEndpoint(",".join(f"https://{at[name]}" for name in NODES), made.ca, self.secrets / TOKEN),
            RegistryEndpoint(
                f"https://{at[REGISTRY]}{CONFLUENT_API}",
                made.ca,
                bundle,
                bundle,
                token_key_file=self.secrets / WRITER_KEY,
            ),
        )

    def _inside(self) -> Endpoints:
        """As containers reach them."""
        found = contents(self.root, STARTING)[Path("run", "endpoints.json")]
        path = self.root / "run" / "endpoints-inside.json"
        write_atomically(path, found)
        there = load_endpoints(path)
        return replace(
            there,
            kafka=replace(there.kafka, bootstrap=",".join(f"{it}:{CLIENT}" for it in BROKERS)),
            vault=replace(there.vault, url=",".join(f"https://{it}:{VAULT}" for it in NODES)),
            registry=replace(there.registry, url=f"https://{REGISTRY}:{SCHEMAS}{CONFLUENT_API}"),
        )

    def _outfit(self, identity: Identity) -> dict[Path, bytes]:
        found = contents(self.root, identity, project_folders(self.root))
        return found | _endpoints_file(self._inside())

    def _starting(self, token: str) -> dict[Path, bytes]:
        """What the starter begins with, in the place of an administrator's token."""
        there, file = self._inside(), Path("secrets", "starting-token")
        endpoints = replace(there, vault=replace(there.vault, token_file=INSIDE / file))
        return {file: token.encode()} | _endpoints_file(endpoints)

    def _page(self, process: Process, made: Certificates, port: int) -> dict[Path, bytes]:
        """How it is reached: on the network that people come in by, and on no other."""
        name = _page_certificate(process.who)
        files = {Path("tls", "page.pem"): made.certificate(name), Path("tls", "page.key"): made.key(name)}
        listening = Listening(f"{process.service}-page", PAGE_NAME, str(TLS / "page.pem"), str(TLS / "page.key"))
        told = ISSUER in self.environ
        provider, given = provider_inside(self.environ) if told else self._kept(process)
        configured = {process.who.identity.place: SignInConfiguration(listening, port, provider)}
        found = {target: source.read_bytes() for target, source in files.items()}
        found |= {Path(target): content for target, content in given.items()}
        return found | {Path("run", SIGN_IN): signing_in(configured).encode()}

    def _kept(self, process: Process) -> tuple[Provider | None, dict[str, bytes]]:
        """How people have signed in so far: a shell that says nothing of it changes nothing."""
        folder = self.root / "given" / process.slot
        before = load(folder, process.who.identity.place)
        files = {it: (folder / it).read_bytes() for it in (OIDC_CA, OIDC_SECRET) if (folder / it).exists()}
        return before.provider if before else None, files


def _page_certificate(who: Placed) -> str:
    return f"page-{who.name}"


def _tls(made: Certificates, name: str, as_: str) -> dict[Path, bytes]:
    there = Certificates(Path("tls"))
    found = {there.certificate(as_): made.certificate(name), there.key(as_): made.key(name)}
    found |= {there.bundle(as_): made.bundle(name), there.ca: made.ca}
    return {target: source.read_bytes() for target, source in found.items()}


def _endpoints_file(endpoints: Endpoints) -> dict[Path, bytes]:
    return {Path("run", "endpoints.json"): text(endpoints).encode()}


def _without_vault(found: dict[Path, bytes], identity: Identity) -> dict[Path, bytes]:
    path = Path("identities", f"{identity.name}.json")
    return found | {path: json.dumps(json.loads(found[path]) | {"vault": None}).encode()}


def recorded_name(root: Path) -> str | None:
    """What the cluster of a root is called, once it was started."""
    try:
        lines = (root / "cluster.env").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    return dict(line.split("=", 1) for line in lines).get(NAME)


def own(root: Path, folder: str) -> None:
    """A folder that a container writes into, such as `data/kafka-1/logs`; where root makes it, it is the
    container's user's. What lies in a container's folder may be anything by now: no link there is followed. Raises
    StackError.
    """
    first, *below = Path(folder).parts
    here = os.open(make_private_folder(root / first), FOLDER_ITSELF)
    try:
        for part in below:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, PRIVATE_FOLDER, dir_fd=here)
            above, here = here, os.open(part, FOLDER_ITSELF, dir_fd=here)
            os.close(above)
            os.fchmod(here, PRIVATE_FOLDER)
            if os.geteuid() == 0:
                os.fchown(here, USER, USER)
    except OSError as error:
        raise StackError(f"{root / folder} is no folder that can be a container's: {error.strerror}.") from None
    finally:
        os.close(here)


def digest(found: Mapping[Path, bytes]) -> str:
    """The same for the same files, but for those that are taken up without a start."""
    seen = hashlib.sha256()
    for path, content in sorted(found.items()):
        if not TAKEN_UP & set(path.parts):
            seen.update(f"{path}:{len(content)}:".encode() + content)
    return seen.hexdigest()[:16]
