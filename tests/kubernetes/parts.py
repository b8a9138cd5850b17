"""The parts as pods: Kafka, Vault and a registry of one process each, told what the cluster's routes say of them.

They stand for what a cluster has of Strimzi, of a chart of OpenBao's and so on: they are named, labelled and
reached as `deploy.kubernetes.cluster` says, and that is all that they have of those.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.compose.networks import networks
from deploy.compose.services import ARGUMENTS, DATA, WRITER, services
from deploy.compose.services import SCRATCH as WORKING
from deploy.containers.collect import USER
from deploy.containers.outfit import INSIDE, give
from deploy.kubernetes.cluster import GATEWAY, PAGE_PORT, Cluster, Object, Place
from deploy.local import authority
from deploy.local.authority import BROKER, REGISTRY_CLIENT, Certificates, Wanted, ensure_certificates
from deploy.local.authority import REGISTRY as REGISTRY_CERTIFICATE
from deploy.local.authority import SERVER as SERVES
from deploy.local.endpoints import Endpoints, KafkaEndpoint, RegistryEndpoint, VaultEndpoint
from deploy.local.kafka import ADMIN, cluster_id, format_arguments, logging_settings, properties, rules, security
from deploy.local.openbao import SEAL_KEY_BYTES
from deploy.local.registry_rights import CONFLUENT_API
from deploy.local.writer_key import FILE as WRITER_KEY
from deploy.local.writer_key import ensure_writer_key
from topology.loading import Topology
from topology.topics import Environment

KAFKA, VAULT, REGISTRY = "kafka", "vault", "registry"
OPERATOR = 9092
"""The listener at which this machine reaches the broker."""
ADDRESSES = {KAFKA: "10.214.0.21", VAULT: "10.214.0.22", REGISTRY: "10.214.0.23", "gateway": "10.214.0.24"}
"""Of services, so that this machine needs no name service to come there."""
PASSWORD, TOKEN = "kafka-admin-password", "vault-root-token"
TLS = INSIDE / "tls"
RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True)
class Parts:
    """`images`: what the names of theirs begin with; `ports`: of this machine, at which it reaches each."""

    root: Path
    cluster: Cluster
    topology: Topology
    images: str
    ports: Mapping[str, int]

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    def prepare(self) -> Endpoints:
        """Their files; where this machine reaches them."""
        for folder in (self.secrets, self.root / "tls", self.root / "run", self.root / "logs"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.secrets / PASSWORD).write_text(secrets.token_hex(32))
        wanted = {
            KAFKA: Wanted((SERVES, authority.CLIENT), (self._name(KAFKA),), BROKER),
            VAULT: Wanted((SERVES,), (self._name(VAULT),)),
            REGISTRY: Wanted((SERVES,), (self._name(REGISTRY),)),
            REGISTRY_CLIENT: Wanted((authority.CLIENT,)),
        }
        made = ensure_certificates(self.root / "tls", self.root / "ca.key", datetime.now(UTC), wanted)
        self._give(KAFKA, made, KAFKA, self._broker())
        self._give(VAULT, made, VAULT, self._node())
        self._give(REGISTRY, made, REGISTRY_CERTIFICATE, {})
        bundle = made.bundle(REGISTRY_CLIENT)
        return Endpoints(
            KafkaEndpoint(self._here(KAFKA), made.ca, ADMIN, self.secrets / PASSWORD),
            VaultEndpoint(
                f"https://{self._here(VAULT)}", made.ca, self.secrets / TOKEN, pods=self.cluster.audience
            ),
            RegistryEndpoint(
                f"https://{self._here(REGISTRY)}{CONFLUENT_API}",
                made.ca,
                bundle,
                bundle,
                token_key_file=self.secrets / WRITER_KEY,
            ),
        )

    def inside(self, endpoints: Endpoints) -> Endpoints:
        """As pods reach them."""
        return replace(
            endpoints,
            kafka=replace(endpoints.kafka, bootstrap=f"{self._name(KAFKA)}:{self.cluster.kafka.port}"),
            vault=replace(endpoints.vault, url=f"https://{self._name(VAULT)}:{self.cluster.vault.port}"),
            registry=replace(
                endpoints.registry,
                url=f"https://{self._name(REGISTRY)}:{self.cluster.registry.port}{CONFLUENT_API}",
            ),
        )

    def objects(self) -> Iterator[Object]:
        """Their pods, services, and what Vault may ask Kubernetes."""
        for name, place in self._places().items():
            yield namespace(place.namespace)
            yield from self._part(name, place)
        yield {
            "apiVersion": f"{RBAC}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "vault-asks-about-tokens"},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": "system:auth-delegator",
            },
            "subjects": [{"kind": "ServiceAccount", "name": VAULT, "namespace": self.cluster.vault.namespace}],
        }
        yield from self._gateway()

    def _places(self) -> dict[str, Place]:
        return {KAFKA: self.cluster.kafka, VAULT: self.cluster.vault, REGISTRY: self.cluster.registry}

    def _name(self, part: str) -> str:
        return (
            self.cluster.bootstrap.split(":")[0]
            if part == KAFKA
            else f"{part}.{self._places()[part].namespace}.svc"
        )

    def _here(self, part: str) -> str:
        return f"127.0.0.1:{self.ports[part]}"

    def _part(self, name: str, place: Place) -> Iterator[Object]:
        """As `deploy.compose` runs the first of its kind, but for where its files lie."""
        kind = name if name == REGISTRY else f"{name}-1"
        service = services(self.topology, networks(self.topology))[kind]
        told, writer = f"${{{WRITER}:?is written by up}}", ensure_writer_key(self.secrets / WRITER_KEY).public
        container = {
            "name": name,
            "image": f"docker.io/library/{self.images}-{name}:latest",
            "imagePullPolicy": "Never",
            "command": [it.replace(told, writer) for it in service["command"]],
            "env": [{"name": key, "value": value} for key, value in service.get("environment", {}).items()],
            "workingDir": str(DATA),
            "securityContext": {"readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
            "readinessProbe": {"tcpSocket": {"port": place.port}, "periodSeconds": 2},
            "volumeMounts": [
                {"name": "given", "mountPath": str(INSIDE), "readOnly": True},
                {"name": "data", "mountPath": str(DATA)},
                {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - the pod's own
            ],
        }
        volumes = [
            {"name": "given", "hostPath": {"path": str(self.root / "given" / name)}},
            {"name": "data", "hostPath": {"path": str(self.root / "data" / name)}},
            {"name": "tmp", "emptyDir": {"medium": "Memory"}},
        ]
        yield _of("v1", "ServiceAccount", name, place.namespace)
        yield _of("v1", "Pod", name, place.namespace, labels=dict(place.labels)) | {
            "spec": {
                "serviceAccountName": name,
                "automountServiceAccountToken": name == VAULT,
                "enableServiceLinks": False,
                "securityContext": {"runAsUser": USER, "runAsGroup": USER, "runAsNonRoot": True},
                "containers": [container],
                "volumes": volumes,
            }
        }
        ports = [place.port, OPERATOR] if name == KAFKA else [place.port]
        called = self._name(name).partition(".")[0]
        yield _of("v1", "Service", called, place.namespace) | {
            "spec": {
                "clusterIP": ADDRESSES[name],
                "selector": dict(place.labels),
                "ports": [{"name": f"p{port}", "port": port} for port in ports],
            }
        }

    def _gateway(self) -> Iterator[Object]:
        """What passes browsers' connections on to the fronts, in a namespace that may."""
        yield namespace("gateway", {GATEWAY: "true"})
        labels = {"app": "gateway"}
        front = f"front-{next(iter(self.topology.projects))}.veil-annotation.svc"
        container = {
            "name": "gateway",
            "image": f"docker.io/library/{self.images}:latest",
            "imagePullPolicy": "Never",
            "command": ["/opt/veilstream/bin/python", "-I", "-m", "deploy.compose.gateway"],
            "args": [f"0.0.0.0:{PAGE_PORT}={front}:{PAGE_PORT}"],
        }
        yield _of("v1", "Pod", "gateway", "gateway", labels=labels) | {"spec": {"containers": [container]}}
        yield _of("v1", "Service", "gateway", "gateway") | {
            "spec": {
                "clusterIP": ADDRESSES["gateway"],
                "selector": labels,
                "ports": [{"port": PAGE_PORT}],
            }
        }

    def _give(self, name: str, made: Certificates, as_: str, files: Mapping[str, bytes]) -> None:
        there = Certificates(Path("tls"))
        found = {there.certificate(as_): made.certificate(name), there.key(as_): made.key(name)}
        found |= {there.bundle(as_): made.bundle(name), there.ca: made.ca}
        content = {target: source.read_bytes() for target, source in found.items()}
        give(self.root / "given" / name, content | {Path(key): value for key, value in files.items()})
        for folder in ("", "logs", "raft", WORKING.name):
            path = self.root / "data" / name / folder
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.chown(path, USER, USER)

    def _broker(self) -> dict[str, bytes]:
        port = self.cluster.kafka.port
        advertised = f"CLIENT://{self.cluster.bootstrap},OPERATOR://{self._here(KAFKA)},INTERNAL://localhost:9094"
        settings = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": "1@localhost:9095",
            "listeners": f"CLIENT://0.0.0.0:{port},OPERATOR://0.0.0.0:{OPERATOR},INTERNAL://localhost:9094,CONTROLLER://localhost:9095",
            "advertised.listeners": advertised,
            "listener.security.protocol.map": "CLIENT:SASL_SSL,OPERATOR:SASL_SSL,INTERNAL:SSL,CONTROLLER:SSL",
            "inter.broker.listener.name": "INTERNAL",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": str(DATA / "log"),
            **security(Certificates(TLS).bundle(KAFKA), Certificates(TLS).ca, ("client", "operator")),
            **rules(Environment.LOCAL),
        }
        arguments = format_arguments(
            INSIDE / "server.properties", cluster_id(), (self.secrets / PASSWORD).read_text()
        )
        return {
            "server.properties": properties(settings).encode(),
            "log4j2.properties": properties(logging_settings(DATA / "logs" / "denied.log")).encode(),
            "java.security": b"",
            ARGUMENTS.name: "\n".join(arguments).encode(),
        }

    def _node(self) -> dict[str, bytes]:
        made = Certificates(TLS)
        text = f"""
api_addr     = "https://{self._name(VAULT)}:{self.cluster.vault.port}"
cluster_addr = "https://localhost:8201"
log_level    = "warn"
storage "raft" {{
  path    = "{DATA / "raft"}"
  node_id = "vault"
}}
listener "tcp" {{
  address         = "0.0.0.0:{self.cluster.vault.port}"
  cluster_address = "127.0.0.1:8201"
  tls_cert_file   = "{made.certificate(VAULT)}"
  tls_key_file    = "{made.key(VAULT)}"
  tls_min_version = "tls13"
}}
seal "static" {{
  current_key_id = "cluster-1"
  current_key    = "file://{INSIDE / "seal.key"}"
}}
audit "file" "main" {{
  options {{
    file_path = "{DATA / "audit.jsonl"}"
    mode      = "0600"
  }}
}}
"""
        return {"openbao.hcl": text.encode(), "seal.key": secrets.token_bytes(SEAL_KEY_BYTES)}


def namespace(name: str, labels: Mapping[str, str] | None = None) -> Object:
    """One, with what its pods may do left to them."""
    made: dict[str, Any] = {"name": name}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": made | ({"labels": dict(labels)} if labels else {}),
    }


def _of(api: str, kind: str, name: str, namespace: str, **more: Any) -> Object:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": namespace, **more}}
