"""What a pod of ours is: one process, one identity, no right on its machine, nothing written but memory.

The restrictions are those of Kubernetes' Pod Security Standard `restricted`, and a root file system that nobody
writes besides.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from deploy.behind import FILE
from deploy.containers.collect import USER
from deploy.containers.outfit import INSIDE
from deploy.kubernetes.cluster import NAME, PAGE_PORT, Cluster, Object
from deploy.kubernetes.placing import Placed
from deploy.kubernetes.routes import IDENTITY
from deploy.settings import HEALTH_HOST_VARIABLE, IMAGE_HEALTH_PORT
from deploy.stages.roles import FRONT, SHIPPER
from deploy.surroundings import POD_TOKEN
from deploy.webhooks import webhook_path

OURS = "veilstream"
"""What all pods of ours are."""
READABLE = 0o440
"""Files of the pod's group: Kubernetes makes them root's."""
SCRATCH = {"redact": "512Mi"}
"""Redact compiles its detectors into /tmp; nobody else writes more than a few files there."""
MEMORY = {"redact": ("1Gi", "3Gi"), "backup": ("512Mi", "2Gi"), FRONT: ("96Mi", "384Mi")}
ELSE_SCRATCH, ELSE_MEMORY = "64Mi", ("256Mi", "1Gi")
"""A process takes about 110 MB, and what its state needs; what is in /tmp counts, too."""
TOKEN_S = 600
"""The least that Kubernetes gives; it makes another in time."""
LEAVES_WITHIN_S, FRONT_LEAVES_WITHIN_S = 60, 150
"""Twice what a process may take to leave its group (`streams/engine/watchdog.py`); of a front what the calls under
way may take (`streams/label/front/settings.py`).
"""
ENDPOINTS = "run/endpoints.json"
REQUIRED = ("identities/{}.json", ENDPOINTS, "topology/pins.json")
CAS = ("tls/kafka-ca.pem", "tls/vault-ca.pem", "tls/registry-ca.pem")
CLIENT = ("tls/registry.pem", "tls/registry.key")
"""Where the registry wants a certificate."""
SIGN_IN, OIDC_CA, OIDC_SECRET = "run/signin.json", "tls/oidc-ca.pem", "secrets/oidc-client"
"""Of a page: how it is reached, how people sign in."""
BEHIND = f"run/{FILE}"
"""Of a front: where label is."""
LOG_CLAIM, VAULT_LOG = "vault-log", Path("/vault-log/audit.log")
"""The claim in which Vault's log lies, and where shipper finds it."""
SHARED, SHARED_AT = "nothing", "/dev/shm"  # noqa: S108 - nobody writes there
"""What a front has there: else each pod has some that can be written, and keeps it when a container ends."""
CERTIFICATE = "/tls"
"""Where a page's certificate is mounted, as cert-manager names its files."""


def template(who: Placed, cluster: Cluster, container: Object, projects: Iterable[str]) -> Object:
    """A pod, with what is special about its container. `projects`: those with files besides the packaged ones."""
    volumes = [_files(who, cluster, projects)]
    memory = _memory(SCRATCH.get(who.identity.role))
    volumes.append({"name": SHARED if who.is_front else "tmp", "emptyDir": memory})
    if who.serves or who.fronted:
        volumes.append({"name": "tls", "secret": {"secretName": f"{who.name}-tls", "defaultMode": READABLE}})
    if who.identity.role == SHIPPER:
        claim = {"claimName": LOG_CLAIM, "readOnly": True}
        volumes.append({"name": LOG_CLAIM, "persistentVolumeClaim": claim})
    spec: Object = {
        "serviceAccountName": who.identity.name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": FRONT_LEAVES_WITHIN_S if who.is_front else LEAVES_WITHIN_S,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(who, cluster) | container],
        "volumes": volumes,
    }
    return {"metadata": {"labels": labels(who)}, "spec": spec}


def labels(who: Placed) -> dict[str, str]:
    """By which a pod is known."""
    return {NAME: OURS, IDENTITY: who.identity.name}


def secret(who: Placed) -> str:
    """The Secret with the files that this identity is given (`given.py`)."""
    return who.identity.name


def paths(who: Placed, projects: Iterable[str]) -> tuple[list[str], list[str]]:
    """The files that its pods find: those that must be there, its credentials first, and those that may. A front
    has no credentials.
    """
    if who.is_front:
        return [SIGN_IN, BEHIND], []
    required = [path.format(who.identity.name) for path in (*REQUIRED, *CAS)]
    required += [f"projects/{name}.yaml" for name in sorted(projects)]
    required += [webhook_path(who.identity.place, it.name) for it in who.webhooks]
    optional = [*CLIENT, *((OIDC_CA, OIDC_SECRET, SIGN_IN) if who.serves or who.fronted else ())]
    return required, optional + (
        [f"projects/contain/{who.identity.place}.yaml"] if who.identity.role == "contain" else []
    )


def key(path: str) -> str:
    """The key of a file in that Secret: keys have no slashes."""
    return path.replace("/", "__")


def _container(who: Placed, cluster: Cluster) -> Object:
    least, most = MEMORY.get(who.identity.role, ELSE_MEMORY)
    return {
        "name": who.identity.role,
        "image": cluster.image,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "resources": {"requests": {"cpu": "100m", "memory": least}, "limits": {"memory": most}},
        "volumeMounts": _mounts(who),
    }


def _mounts(who: Placed) -> list[Object]:
    mounts: list[Object] = [{"name": "files", "mountPath": str(INSIDE), "readOnly": True}]
    mounts.append(shared() if who.is_front else {"name": "tmp", "mountPath": "/tmp"})  # noqa: S108 - in memory
    if who.serves or who.fronted:
        mounts.append({"name": "tls", "mountPath": CERTIFICATE, "readOnly": True})
    if who.identity.role == SHIPPER:
        mounts.append({"name": LOG_CLAIM, "mountPath": str(VAULT_LOG.parent), "readOnly": True})
    return mounts


def stage(who: Placed) -> Object:
    """The container of a stage. Whether it is well decides whether browsers are sent to it, never whether it is
    ended: a Vault that is away would end all; one that stands still ends itself (`streams/engine/watchdog.py`).
    """
    arguments = [who.identity.role, who.identity.place]
    port = ["--port", str(PAGE_PORT)] if who.serves or who.fronted else []
    counted = {"ports": [metrics_port()]}
    if who.is_front:
        probe = _probe(5, misses=2)
        return counted | {"args": [*arguments, *port], "env": [own_address()], "readinessProbe": probe}
    slot = {"name": "SLOT", "valueFrom": {"fieldRef": {"fieldPath": f"metadata.labels['{POD_INDEX}']"}}}
    return counted | {
        "args": [*arguments, "--slot", "$(SLOT)", *port],
        "env": [slot, own_address()],
        "readinessProbe": _probe(10),
    }


def _probe(every_s: int, misses: int | None = None) -> Object:
    """Asked by the machine it runs on, which Kubernetes lets in whatever policies say (`Cluster.probed_from`
    for networks that don't): a program in the container that asks takes a tenth of a second of CPU each time, and
    on a machine that is busy never came to ask. `misses`: after how many nobody is sent there any more; three,
    where nothing is said.
    """
    asked: Object = {
        "httpGet": {"path": "/healthz", "port": METRICS},
        "periodSeconds": every_s,
        "timeoutSeconds": 5,
    }
    return asked if misses is None else {**asked, "failureThreshold": misses}


POD_INDEX = "apps.kubernetes.io/pod-index"
"""By Kubernetes, on each pod of a StatefulSet since 1.28."""
METRICS = "metrics"
"""The name of the port by which Prometheus finds whom to ask."""


def metrics_port() -> Object:
    """Where it is asked how it is, and what it counts."""
    return {"name": METRICS, "containerPort": IMAGE_HEALTH_PORT, "protocol": "TCP"}


def own_address() -> Object:
    """What it serves that on, besides loopback."""
    return {"name": HEALTH_HOST_VARIABLE, "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}


def shared() -> Object:
    """What keeps a front from writing there."""
    return {"name": SHARED, "mountPath": SHARED_AT, "readOnly": True}


def _memory(limit: str | None) -> Object:
    return {"medium": "Memory", "sizeLimit": limit or ELSE_SCRATCH}


def token(cluster: Cluster) -> Object:
    """What a pod logs in to Vault with, and with nothing else: made for Vault alone, new every ten minutes."""
    account = {"audience": cluster.audience, "expirationSeconds": TOKEN_S, "path": str(POD_TOKEN)}
    return {"serviceAccountToken": account}


def _files(who: Placed, cluster: Cluster, projects: Iterable[str]) -> Object:
    required, optional = paths(who, projects)
    sources = [_source(who, required)]
    if optional:  # Kubernetes takes no items for all that the Secret holds
        sources.append(_source(who, optional, optional=True))
    sources += [token(cluster)] if who.in_vault else []
    return {"name": "files", "projected": {"defaultMode": READABLE, "sources": sources}}


def _source(who: Placed, paths: Iterable[str], *, optional: bool = False) -> Object:
    items = [{"key": key(path), "path": path} for path in paths]
    return {"secret": {"name": secret(who), "items": items, "optional": optional}}
