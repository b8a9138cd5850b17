"""A cluster as a whole: brought up, looked at, ended; what `python -m deploy.compose`, its demo and tests hold."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import httpx
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.compose import engine
from deploy.compose.census import LEADS, STANDS_BY, node_states, silent
from deploy.compose.cluster import BROKERS, DOOR, GRAFANA, NODES, REGISTRY, Process, pages, processes
from deploy.compose.engine import Compose
from deploy.compose.ground import TOKEN, Ground, recorded_name
from deploy.compose.making import text
from deploy.compose.networks import networks
from deploy.compose.services import ROOT_LABEL, services
from deploy.compose.starting_tokens import new_starting_token
from deploy.local.disk import explained
from deploy.local.endpoints import Endpoints, VaultEndpoint
from deploy.local.openbao import UNINITIALISED
from deploy.progress import Report
from deploy.provision.parts import administrator, pins_path
from deploy.provisioning import apply_audited
from deploy.supervise.files import make_private_folder
from deploy.supervise.lock import RootLock
from deploy.surroundings import project_folders
from schemas.errors import ConfigError, StackError
from schemas.files import write_atomically
from schemas.registry import tls_context
from topology.loading import Topology, load_topology
from vault.nodes import active_address, addresses

PARTS = (*BROKERS, *NODES, REGISTRY, DOOR)
NAME = "veilstream"
"""Of the project of Compose, where nobody says another one."""
LOOK_S = 1.0
ANSWERS_WITHIN_S = 2.0
PARTS_WITHIN_S = 180.0
"""Three JVMs that format their storage side by side took 25 s on two cores."""
HEALTHY_WITHIN_S = 300.0
"""Redact compiles its detectors; all others import at the same time."""
INIT_WITHIN_S = 30.0
HOLDING = (REGISTRY, *NODES, *BROKERS, DOOR)
"""They end last, side by side."""
ACCESSORS = "starting-token-accessor"
"""Of the tokens that the starter may begin with: by them these can be ended, and nothing opened."""
LOCAL_MARK = "ports.json"
"""What a stack without containers leaves in its root."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`name`: of the project of Compose; none: the one that it was started by before, or `NAME`. `images`: what
    the names of the images begin with.
    """

    name: str | None = None
    images: str = "veilstream"


class Cluster:
    """Everything of one root. Use it as a context manager, or `start` and `stop`. One thread at a time.

    Names of processes are slots (`redact.demo.0`), names of parts services (`kafka-1`).
    """

    def __init__(
        self,
        root: Path,
        settings: Settings = Settings(),
        *,
        environ: Mapping[str, str] = os.environ,
        report: Report = lambda _: None,
    ) -> None:
        self.root = root.absolute()
        self._settings, self._report = settings, report
        self._environ = environ
        self._lock = RootLock(self.root)
        self._pause = threading.Event()
        self.topology = self._topology()
        self.ground = self._ground()
        self._compose: Compose | None = None
        self._endpoints: Endpoints | None = None

    @property
    def compose(self) -> Compose:
        """Its containers."""
        if self._compose is None:
            program, engine_ = engine.found(self._environ)
            file = self.root / "compose.yaml"
            self._compose = Compose(self.ground.name, file, self.ground.variables_file, program, engine_)
        return self._compose

    @property
    def endpoints(self) -> Endpoints:
        """Where Kafka, Vault and the registry are, seen from this machine."""
        if self._endpoints is None:
            raise StackError(f"The cluster of {self.root} has not been started.")
        return self._endpoints

    @property
    def processes(self) -> tuple[str, ...]:
        """Names of all processes, in the order data passes through them."""
        return tuple(it.slot for it in processes(self.topology))

    def label_url(self, project: str) -> str:
        """Base address of the project's label API, of whichever process answers. Raises ConfigError."""
        for who in pages(self.topology):
            if (who.identity.role, who.identity.place) == ("label", project):
                return self.ground.page_url(who)
        raise ConfigError(f"project {project} is not run here")

    def service(self, process: str) -> str:
        """The container of a process. Raises ConfigError."""
        return self._process(process).service

    def start(self) -> Endpoints:
        """Parts first, then what the topology declares in them, then the processes; of those that run, what has
        other files by now is started anew, brokers and nodes one after the other.

        Raises StackError, ConfigError and what `apply_audited` raises; then, unless something of it ran before,
        nothing is left running.
        """
        with explained(self.root):
            self._lock.acquire()
            was_there = True
            try:
                was_there = self._is_there()
                self._start()
            except BaseException:  # Ctrl-C too
                self._give_up(was_there)
                raise
        return self.endpoints

    def _start(self) -> None:
        before = self._authority()
        self._endpoints = self.ground.prepare(self._settings.images)
        write_atomically(self.root / "compose.yaml", text(self.topology))
        self._report("starting three brokers, three nodes of Vault and a registry")
        try:
            self._start_parts(at_once=self._authority() != before)
        finally:
            self.ground.formatted()
        self._report("applying the topology")
        apply_audited(self.topology, self.endpoints, self.root)
        self.topology = self._topology()  # with the keys that are pinned now
        self.ground = self._ground()
        place = self.ground.secrets / ACCESSORS
        with administrator(self.endpoints) as session, new_starting_token(session, place) as token:
            self.ground.fit_out(token)
        self._report(f"starting {len(self.processes)} processes")
        self.compose.up()
        self.wait_healthy()

    def _authority(self) -> bytes | None:
        return self.ground.ca.read_bytes() if self.ground.ca.exists() else None

    def _start_parts(self, *, at_once: bool = False) -> None:
        """Those that are down side by side; then those that run one at a time, for two brokers, with all copies in
        sync, and two nodes have to be there. `at_once`: under another authority none believes one of before.
        """
        states = {} if at_once else self.compose.states()
        run = [it for it in PARTS if it in states and states[it]["State"]["Running"]]
        for group in ([it for it in PARTS if it not in run], *([it] for it in run)):
            if group:
                self.compose.up(group)
                self._wait(self._parts_answer, PARTS_WITHIN_S)

    def _is_there(self) -> bool:
        """Whether something of this cluster runs. Raises StackError where the root, or the name, is another's, or
        none that Compose takes.
        """
        self._require_names()
        if (self.root / LOCAL_MARK).exists():
            raise StackError(f"{self.root} is the root of a stack without containers; choose another one.")
        called = recorded_name(self.root)
        if called and self._settings.name not in (None, called):
            raise StackError(f"The cluster of {self.root} is called {called}, and stays so.")
        found = self.compose.states()
        others = {it["Config"]["Labels"].get(ROOT_LABEL) for it in found.values()} - {str(self.root)}
        if others:
            raise StackError(
                f"A cluster of another root, {others.pop()}, is called {self.ground.name} here; stop that one, or "
                "give this one another name (`--name`)."
            )
        return bool(found)

    def _require_names(self) -> None:
        """Before anything is kept by them."""
        name = self._settings.name
        if name is not None and engine.NAMES.fullmatch(name) is None:
            raise StackError(
                f"{name!r} can be no cluster's name: it takes lower-case letters, digits, `-` and `_`, and begins "
                "with a letter or digit."
            )
        if found := engine.MEANS_MORE.search(str(self.root)):
            raise StackError(f"{self.root} has a {found[0]!r} in it, which Compose misreads; choose another root.")

    def _give_up(self, was_there: bool) -> None:
        try:
            if not was_there:
                self.stop()
        except StackError as error:
            self._report(str(error))
        finally:
            self._lock.release()

    def stop(self) -> None:
        """Have all end in order, keep what they have printed, remove containers and networks; data stay. May be
        called again. Whoever holds no lock wants `down`.
        """
        try:
            self._end_in_order()
            self.keep_logs()
        except StackError as error:
            self._report(str(error))
        finally:
            self.compose.down()
            self._lock.release()

    def down(self) -> None:
        """`stop`, of one that runs by itself. Raises StackError where another command acts on it."""
        with explained(self.root):
            self._lock.acquire()
            try:
                self._is_there()
                self.stop()
            finally:
                self._lock.release()

    def clear(self) -> None:
        """Remove what an earlier run of this root has left; nothing of it is asked to end. Raises StackError where
        what is there is another root's.
        """
        with self._lock:
            if self._is_there():
                self.compose.down()

    def _end_in_order(self) -> None:
        """Who passes data on before who holds it: else transactions and logins would outlive their owners."""
        everybody = self.compose.states()
        for group in ([it.service for it in processes(self.topology)], sorted({*everybody} - {*HOLDING}), HOLDING):
            self.compose.stop(*group)

    def release(self) -> None:
        """Leave it to run by itself: from now on another command may act on this root."""
        self._lock.release()

    def status(self) -> dict[str, str]:
        """How each container is, by its service."""
        return {
            name: str(it["State"].get("Health", {}).get("Status") or it["State"]["Status"])
            for name, it in sorted(self.compose.states().items())
        }

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def end(self, process: str) -> None:
        """SIGTERM, and it has left its group when this returns; it stays down."""
        self.compose.stop(self.service(process))

    def keep_logs(self) -> None:
        """Each container's, in the root's folder of logs."""
        make_private_folder(self.root / "logs")
        for service in self.compose.states():
            write_atomically(self.root / "logs" / f"{service}.log", self.compose.logs(service))

    def wait_healthy(self, timeout_s: float = HEALTHY_WITHIN_S) -> None:
        """Block until each container is well by its own health check. Raises StackError naming one that isn't."""
        self._wait(self._unwell, timeout_s)

    def vault_states_are_well(self) -> bool:
        """Whether one node leads and all others stand by."""
        return _one_leads(node_states(self.endpoints.vault, tls_context(self.endpoints.vault.ca_file)))

    def vault_leader(self) -> str | None:
        """The node that leads now, if one does."""
        states = node_states(self.endpoints.vault, tls_context(self.endpoints.vault.ca_file))
        return next((node for node, state in zip(NODES, states, strict=True) if state == LEADS), None)

    def _process(self, slot: str) -> Process:
        for it in processes(self.topology):
            if it.slot == slot:
                return it
        raise ConfigError(f"no process {slot}; there are: {', '.join(self.processes)}")

    def _ground(self) -> Ground:
        name = self._settings.name or recorded_name(self.root) or NAME
        return Ground(self.root, self.topology, lambda: datetime.now(UTC), name, self._environ)

    def _topology(self) -> Topology:
        return load_topology(extra_projects=project_folders(self.root), pins=pins_path(self.root))

    def _wait(self, late: Callable[[], str], limit_s: float) -> None:
        """Until `late` says nothing more; what it says is why."""
        deadline = time.monotonic() + limit_s
        while why := late():
            if time.monotonic() > deadline:
                raise StackError(
                    f"After {limit_s:.0f} s {why}; its log says why (`docker logs`, {self.root}/logs)."
                )
            self._pause.wait(LOOK_S)

    def _parts_answer(self) -> str:
        endpoints = self.endpoints
        if why := behind(operator(endpoints)) or _vault(endpoints.vault, self.ground):
            return why
        return "" if _registry_answers(endpoints) else "the registry does not answer"

    def _unwell(self) -> str:
        states = self.compose.states()
        for service in services(self.topology, networks(self.topology)):
            if service not in states:
                if service == GRAFANA:
                    continue
                return f"{service} is not there"
            state = states[service]
            health = state["State"].get("Health", {}).get("Status", "healthy")
            if not state["State"]["Running"] or health != "healthy":
                return f"{service} is not well ({state['State']['Status']}, {health})"
        return ""


def operator(endpoints: Endpoints) -> AdminClient:
    """An administrator's client that comes back soon to a broker that was away; else it takes ten seconds."""
    settings = {**endpoints.kafka.client_settings(), "reconnect.backoff.max.ms": 500}
    return AdminClient(settings, logger=silent())


def behind(admin: AdminClient) -> str:
    """What is missing until each broker is there and has all its copies in sync."""
    try:
        seen = admin.list_topics(timeout=ANSWERS_WITHIN_S)
    except KafkaException:
        return "no broker answers"
    if len(seen.brokers) < len(BROKERS):
        return f"{len(seen.brokers)} of {len(BROKERS)} brokers are there"
    partitions = (it for topic in seen.topics.values() for it in topic.partitions.values())
    lagging = sum(len(it.isrs) < len(it.replicas) for it in partitions)
    return f"copies of {lagging} partitions are not in sync" if lagging else ""


def _vault(vault: VaultEndpoint, ground: Ground) -> str:
    """The first node is initialised, the others join it by themselves. What is still missing."""
    states = node_states(vault, tls_context(vault.ca_file))
    _consistent(states, vault)
    if states[0] == UNINITIALISED and not vault.token_file.exists():
        _initialise(addresses(vault.url)[0], vault, ground)
        return "Vault is being initialised"
    if not _one_leads(states):
        return f"Vault's nodes answer {', '.join(map(str, states))}"
    return "" if voters(vault) == len(NODES) else "not every node of Vault votes"


def _one_leads(states: list[int]) -> bool:
    return sorted(states) == [LEADS, *[STANDS_BY] * (len(NODES) - 1)]


def _consistent(states: list[int], vault: VaultEndpoint) -> None:
    """Raises StackError where data and token are not of one cluster: waiting would not help."""
    initialised = any(it in (LEADS, STANDS_BY) for it in states)
    if initialised and not vault.token_file.exists():
        raise StackError(
            f"Vault's nodes hold data, but the token of them, {vault.token_file}, is gone: the first start was "
            "cut short. Where nothing is in them yet, remove `data/vault-1` to `data/vault-3` and start again."
        )
    if vault.token_file.exists() and all(it == UNINITIALISED for it in states):
        raise StackError(
            f"Vault's nodes hold nothing, but there is a token of them, {vault.token_file}: put `data/vault-1` to "
            "`data/vault-3` back, or begin with another root."
        )


def _initialise(url: str, vault: VaultEndpoint, ground: Ground) -> None:
    body = {"recovery_shares": 1, "recovery_threshold": 1}
    try:
        with httpx.Client(verify=tls_context(vault.ca_file), timeout=INIT_WITHIN_S, trust_env=False) as http:
            answer = http.put(f"{url}/v1/sys/init", json=body)
    except httpx.HTTPError as error:
        raise StackError(f"Vault could not be initialised ({type(error).__name__}).") from None
    if answer.status_code != httpx.codes.OK:
        raise StackError(f"Vault refused to be initialised ({answer.status_code}).")
    made = answer.json()
    write_atomically(ground.secrets / "vault-recovery-key", made["recovery_keys_base64"][0])
    write_atomically(ground.secrets / TOKEN, made["root_token"])


def voters(vault: VaultEndpoint) -> int:
    """How many nodes of Vault count when it decides who leads."""
    token = vault.token_file.read_text(encoding="utf-8").strip()
    url = f"{active_address(vault.url, vault.ca_file)}/v1/sys/storage/raft/configuration"
    try:
        with httpx.Client(verify=tls_context(vault.ca_file), timeout=ANSWERS_WITHIN_S, trust_env=False) as http:
            answer = http.get(url, headers={"X-Vault-Token": token})
    except httpx.HTTPError:
        return 0
    servers = answer.json()["data"]["config"]["servers"] if answer.is_success else []
    return sum(it["voter"] for it in servers)


def _registry_answers(endpoints: Endpoints) -> bool:
    try:
        with httpx.Client(verify=endpoints.registry.tls(), timeout=ANSWERS_WITHIN_S, trust_env=False) as http:
            return http.get(f"{endpoints.registry.url}/subjects").status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
