"""Veilstream on a Kubernetes, as its README says to install it; what the demo runs on."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import yaml

from deploy.kubernetes import given
from deploy.kubernetes.cluster import PAGE_PORT, Cluster, Object
from deploy.kubernetes.making import text
from deploy.kubernetes.placing import Placed, placed
from deploy.local.authority import SERVER, Certificates, Wanted, ensure_certificates
from deploy.local.endpoints import Endpoints, save_endpoints
from deploy.provision.parts import administrator
from deploy.provisioning import apply_audited
from deploy.settings import HEALTH_PORT_VARIABLE
from schemas.registry import tls_context
from tests.kubernetes import names
from tests.kubernetes.node import STARTS_WITHIN_S, Node
from tests.kubernetes.parts import ADDRESSES, KAFKA, OPERATOR, REGISTRY, TOKEN, VAULT, Parts
from tests.support.pipeline import free_port
from tests.support.waiting import wait_for
from topology.loading import Topology, load_topology
from vault import pods

PROJECT, DOMAIN = "demo", "veil.example"
CRDS = Path(__file__).parents[1] / "support" / "kubernetes"
WELL_WITHIN_S = 600.0
"""Redact compiles its detectors while twenty others import, on two cores that Kubernetes uses, too."""
LEAVES_WITHIN_S = 120


@dataclass
class Installed:
    """Implements `deploy.demo.run.Runs`. `archive`: the images; `images`: what their names begin with."""

    root: Path
    node: Node
    archive: Path
    images: str
    topology: Topology = field(default_factory=load_topology)
    cluster: Cluster = field(default_factory=lambda: Cluster(DOMAIN, image="veilstream"))
    _opened: ExitStack = field(default_factory=ExitStack)
    _endpoints: Endpoints | None = None

    @property
    def endpoints(self) -> Endpoints:
        """As this machine reaches the parts."""
        return self._endpoints

    @property
    def processes(self) -> tuple[str, ...]:
        """By their slots."""
        return tuple(who.identity.slot(number) for who in self._stages() for number in range(who.processes))

    @property
    def issuer(self) -> Path:
        """By which browsers know the pages."""
        return self.root / "issuer" / "ca.pem"

    def label_url(self, project: str) -> str:
        """As browsers call it."""
        return f"https://{self.cluster.page('label', project)}:{PAGE_PORT}"

    def prepare(self) -> None:
        """Who issues the pages' certificates: by that one browsers know them."""
        self.issuer.parent.mkdir()
        self._issued({})

    def start(self) -> None:
        """As the README says."""
        self._opened.enter_context(self.node)
        self.node.load(self.archive)
        self.archive.unlink()
        self._parts()
        self._vault_knows_pods()
        apply_audited(self.topology, self.endpoints, self.root)
        self._apply_all()
        self._give_all()
        self.node.kubectl("scale", "statefulset/redact-demo", "--replicas=2", "--namespace=veil-ingestion")
        wait_for(self.all_are_well, "all pods are ready", WELL_WITHIN_S)

    def end(self, process: str) -> None:
        """The set has one pod less. What that one has said is kept: it goes with it."""
        identity, _, number = process.rpartition(".")
        who = next(it for it in self._stages() if it.identity.name == identity)
        pod, where = f"{who.name}-{number}", f"--namespace={who.namespace}"
        self.keep_log(pod, who.namespace)
        self.node.kubectl("scale", f"statefulset/{who.name}", f"--replicas={number}", where)
        self.node.kubectl("wait", "--for=delete", f"pod/{pod}", f"--timeout={LEAVES_WITHIN_S}s", where)

    def stop(self) -> None:
        """What all others have said is kept."""
        try:
            for it in self.pods() if self.node.is_up else ():
                self.keep_log(it["metadata"]["name"], it["metadata"]["namespace"])
            self._keep_written()
        finally:
            self._opened.close()

    def _keep_written(self) -> None:
        """What containers have left on the node: their files, logs and last words."""
        found = [it for left in ("var/log/pods", "kubelet/pods") for it in (self.node.folder / left).rglob("*")]
        for file in [it for it in found if it.is_file() and not it.is_symlink()]:
            target = self.root / "left" / file.relative_to(self.node.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)

    def keep_log(self, pod: str, place: str, when: str = "") -> None:
        """What it has said, where all of it is looked through in the end."""
        (self.root / "logs" / f"{place}.{pod}{when}.log").write_text(self.node.logs(pod, place))

    def pods(self) -> list[Object]:
        """All there are."""
        return json.loads(self.node.kubectl("get", "pods", "--all-namespaces", "-o", "json"))["items"]

    def _stages(self) -> Iterator[Placed]:
        yield from (it for it in placed(self.topology, ships=False) if not (it.is_job or it.is_front))

    def _parts(self) -> None:
        chosen = [free_port() for _ in range(3)]
        parts = Parts(
            self.root,
            self.cluster,
            self.topology,
            self.images,
            dict(zip((KAFKA, VAULT, REGISTRY), chosen, strict=True)),
        )
        self._endpoints = parts.prepare()
        self._inside = parts.inside(self._endpoints)
        save_endpoints(self.root / "run" / "endpoints.json", self._endpoints)
        self.apply([*names.objects(self.cluster, self.node.config("names")), *parts.objects()])
        self._opened.enter_context(self._doors(parts))
        wait_for(self.all_are_well, "the parts are ready", STARTS_WITHIN_S)
        wait_for(self._initialised, "Vault is initialised", STARTS_WITHIN_S)

    @contextmanager
    def _doors(self, parts: Parts) -> Iterator[None]:
        """This machine's ways to the parts."""
        behind = {KAFKA: OPERATOR, VAULT: self.cluster.vault.port, REGISTRY: self.cluster.registry.port}
        doors = [f"127.0.0.1:{parts.ports[it]}={ADDRESSES[it]}:{port}" for it, port in behind.items()]
        own = free_port()
        environ = {**os.environ, HEALTH_PORT_VARIABLE: str(own)}
        with subprocess.Popen([sys.executable, "-m", "deploy.compose.gateway", *doors], env=environ) as passing:
            try:
                yield
            finally:
                passing.terminate()

    def _initialised(self) -> bool:
        vault, body = self.endpoints.vault, {"recovery_shares": 1, "recovery_threshold": 1}
        with httpx.Client(verify=tls_context(vault.ca_file), timeout=30, trust_env=False) as http:
            try:
                answer = http.put(f"{vault.url}/v1/sys/init", json=body)
            except httpx.HTTPError:
                return False
        if answer.is_success:
            (self.root / "secrets" / TOKEN).write_text(answer.json()["root_token"])
        return answer.is_success

    def _vault_knows_pods(self) -> None:
        """What whoever runs Vault sets up: it asks by its own account."""
        with administrator(self.endpoints) as session:
            session.call(
                "mount", lambda client: client.write_data(f"sys/auth/{pods.MOUNT}", data={"type": "kubernetes"})
            )
            asked = {"kubernetes_host": "https://kubernetes.default.svc"}
            session.call("configure", lambda client: client.write_data(f"auth/{pods.MOUNT}/config", data=asked))

    def _apply_all(self) -> None:
        """The kustomization, with an overlay that says which image."""
        self.apply([*_resources()])
        base, overlay = self.root / "base", self.root / "overlay"
        common = ("--domain", DOMAIN, "--root", str(self.root))
        _veil("topology", "kubernetes", "--to", str(base), *common)
        overlay.mkdir()
        patch = [{"op": "add", "path": "/spec/template/spec/containers/0/imagePullPolicy", "value": "Never"}]
        jobs = [{**patch[0], "path": f"/spec/jobTemplate{patch[0]['path']}"}]
        said = {
            "resources": ["../base"],
            "images": [{"name": "veilstream", "newName": f"docker.io/library/{self.images}"}],
            "patches": [
                {"target": {"kind": kind}, "patch": yaml.safe_dump(what)}
                for kind, what in (("StatefulSet", patch), ("Deployment", patch), ("CronJob", jobs))
            ],
        }
        (overlay / "kustomization.yaml").write_text(yaml.safe_dump(said))
        self.everything = self.root / "all.yaml"
        self.everything.write_text(self.node.kubectl("kustomize", str(overlay)))
        _veil(
            "topology", "kubernetes", "--check", str(self.everything), "--domain", DOMAIN, "--root", str(self.root)
        )
        self.node.kubectl("apply", "--server-side", "-f", str(self.everything))

    def _give_all(self) -> None:
        """Everybody's Secrets; and certificates, as cert-manager makes them."""
        there = self.root / "inside"
        for name in ("identities", "topology", "secrets"):
            if (self.root / name).exists():
                shutil.copytree(self.root / name, there / name)
        (there / "run").mkdir()
        save_endpoints(there / "run" / "endpoints.json", self._inside)
        made = [
            it
            for who in placed(self.topology, ships=False)
            for it in given.secrets(there, who.identity, self.cluster, {})
        ]
        shutil.rmtree(there)
        self.apply([*made, *self._certificates()])

    def _certificates(self) -> Iterator[Object]:
        wanted = {
            it["spec"]["secretName"]: it
            for it in yaml.safe_load_all(self.everything.read_text())
            if it["kind"] == "Certificate"
        }
        made = self._issued(
            {name: Wanted((SERVER,), tuple(it["spec"]["dnsNames"])) for name, it in wanted.items()}
        )
        for name, it in wanted.items():
            files = {"tls.crt": made.certificate(name), "tls.key": made.key(name), "ca.crt": made.ca}
            content = {key: base64.b64encode(path.read_bytes()).decode() for key, path in files.items()}
            metadata = {"name": name, "namespace": it["metadata"]["namespace"]}
            of = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls"}
            yield of | {"metadata": metadata, "data": content}

    def _issued(self, wanted: Mapping[str, Wanted]) -> Certificates:
        return ensure_certificates(self.issuer.parent, self.root / "issuer.key", datetime.now(UTC), wanted)

    def apply(self, objects: Iterable[Object]) -> None:
        """Make these, or make them so."""
        self.node.kubectl("apply", "--server-side", "-f", "-", given=text([*objects]))

    def all_are_well(self) -> bool:
        """Whether each pod is ready; those of jobs are passed over."""
        found = [it for it in self.pods() if "job-name" not in it["metadata"].get("labels", {})]
        return bool(found) and all(_is_ready(it) for it in found)


def _is_ready(pod: Object) -> bool:
    conditions = pod["status"].get("conditions", [])
    return any(it["type"] == "Ready" and it["status"] == "True" for it in conditions)


def _resources() -> Iterator[Object]:
    """Kinds that others bring: by the schemas that lie here."""
    for file in sorted(CRDS.glob("*.json")):
        it = json.loads(file.read_text())
        group, _, version = it["apiVersion"].partition("/")
        plural = f"{it['kind'].lower()}s"
        schema = {"openAPIV3Schema": {"type": "object", **it["schema"]}}
        yield {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{group}"},
            "spec": {
                "group": group,
                "names": {"kind": it["kind"], "plural": plural},
                "scope": "Namespaced",
                "versions": [{"name": version, "served": True, "storage": True, "schema": schema}],
            },
        }


def _veil(*arguments: str) -> None:
    command = [str(Path(sys.executable).with_name("veil")), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def hosts(known: Mapping[str, str]) -> Iterator[None]:
    """This process finds some names where no name service says so, as by a file of hosts."""
    before = socket.getaddrinfo

    def found(host, *more, **named):
        return before(known.get(host, host), *more, **named)

    socket.getaddrinfo = found
    try:
        yield
    finally:
        socket.getaddrinfo = before
