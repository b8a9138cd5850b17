"""Whether a pod is who it says, holds only what is its own, and may do nothing on its machine. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from deploy.kubernetes.cluster import Cluster, Object
from deploy.kubernetes.placing import Placed
from deploy.kubernetes.pods import LOG_CLAIM, SHARED, SHARED_AT, metrics_port, own_address, secret, shared, token
from deploy.kubernetes.workloads import BACKUPS, RECIPIENT
from deploy.settings import HEALTH_HOST_VARIABLE
from deploy.stages.roles import SHIPPER

OF_A_JOB = {"backup": "backup", "inspector": "purge"}
"""Which command a job runs as whom."""
HOSTS = ("hostNetwork", "hostPID", "hostIPC", "hostUsers", "shareProcessNamespace", "hostAliases")


def pod_faults(pod: Object, who: Placed, cluster: Cluster) -> Iterator[str]:
    """What is wrong with it."""
    spec = pod["spec"]
    containers = [*spec.get("initContainers", ()), *spec["containers"], *spec.get("ephemeralContainers", ())]
    if len(containers) != 1:
        yield "has other containers than the one of its process"
    yield from _whose(spec, who, cluster)
    yield from (f"has {name} of its machine" for name in HOSTS if name in spec)
    yield from _unbound(spec.get("securityContext", {}))
    for container in containers:
        yield from _acts(container, who)
        yield from _tells(container, who)
        yield from _keeps(container, who)
        yield from _unrestricted(container)


def _whose(spec: Object, who: Placed, cluster: Cluster) -> Iterator[str]:
    if spec.get("serviceAccountName") != who.identity.name:
        yield "runs under another's service account"
    if spec.get("automountServiceAccountToken") is not False:
        yield "is given a token of Kubernetes"
    for volume in spec["volumes"]:
        yield from (f"volume {volume['name']}: {fault}" for fault in _volume(volume, who, cluster))


def _volume(volume: Object, who: Placed, cluster: Cluster) -> Iterator[str]:
    kind = next((name for name in volume if name != "name"), "")
    content = volume.get(kind) or {}
    match kind:
        case "projected":
            yield from _sources(content["sources"], who, cluster)
        case "secret" if (who.serves or who.fronted) and content.get("secretName") == f"{who.name}-tls":
            return
        case "emptyDir" if who.is_front and volume["name"] != SHARED:
            yield "can be written, and would outlive the process"
        case "emptyDir":
            if content.get("medium") != "Memory":
                yield "is on a disk"
        case "persistentVolumeClaim" if who.identity.role == "backup" and content.get("claimName") == BACKUPS:
            return
        case "persistentVolumeClaim" if who.identity.role == SHIPPER and content.get("claimName") == LOG_CLAIM:
            if content.get("readOnly") is not True:
                yield "may be written by who only reads it"
        case _:
            yield f"is a {kind}, which nobody needs"


def _sources(sources: list[Object], who: Placed, cluster: Cluster) -> Iterator[str]:
    tokens = [source for source in sources if source.keys() != {"secret"}]
    if tokens != ([token(cluster)] if who.in_vault else []):
        yield "has another token than the one that logs it in to Vault, or lacks that"
    if any(source["secret"].get("name") != secret(who) for source in sources if source not in tokens):
        yield "has files of another identity"
    if any(not source["secret"].get("items") for source in sources if source not in tokens):
        yield "names no files: so it has all that the Secret holds"


def _acts(container: Object, who: Placed) -> Iterator[str]:
    """It acts as whom its label names: that is what its routes go by."""
    arguments = container.get("args", [])
    if who.is_job:
        right = "command" in container and arguments[:1] == [OF_A_JOB[who.identity.role]]
    else:
        right = "command" not in container and arguments[:2] == [who.identity.role, who.identity.place]
    if not right:
        yield "acts as somebody else"
    if "envFrom" in container or any(not _is_harmless(it) for it in container.get("env", ())):
        yield "has something in its environment that comes from elsewhere"
    if "stdin" in container or "tty" in container:
        yield "listens to who attaches"


def _tells(container: Object, who: Placed) -> Iterator[str]:
    """Who asks it for metrics does so on its own address, at one port, and on its machine's there is none."""
    if container.get("ports", []) != ([metrics_port()] if who.counted else []):
        yield "has other ports than the one for metrics, or lacks that"
    hosts = [it for it in container.get("env", ()) if it["name"] == HEALTH_HOST_VARIABLE]
    if hosts != ([own_address()] if who.counted else []):
        yield "serves metrics elsewhere than on its own address, or not there"


def _keeps(container: Object, who: Placed) -> Iterator[str]:
    """A front nothing beyond its end: its pod stays, with what memory its containers share."""
    there = [it for it in container["volumeMounts"] if it["name"] == SHARED or it["mountPath"] == SHARED_AT]
    if who.is_front and there != [shared()]:
        yield f"may write into {SHARED_AT}, which outlives the process"


def _is_harmless(variable: Object) -> bool:
    source: Any = variable.get("valueFrom", {"fieldRef": {}})
    recipient = source.get("configMapKeyRef", {}).get("name") == RECIPIENT
    return "value" not in variable and (set(source) == {"fieldRef"} or recipient)


def _unbound(context: Object) -> Iterator[str]:
    if context.get("runAsNonRoot") is not True or context.get("runAsUser", 0) == 0:
        yield "may be root"
    if context.get("seccompProfile") != {"type": "RuntimeDefault"}:
        yield "may make every call to the kernel"


def _unrestricted(container: Object) -> Iterator[str]:
    context = container.get("securityContext", {})
    wanted = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "runAsNonRoot": True}
    yield from (
        f"container: {name} is not {value}" for name, value in wanted.items() if context.get(name) is not value
    )
    if context.get("capabilities") != {"drop": ["ALL"]}:
        yield "container: has capabilities"
    others = set(context) - {*wanted, "capabilities"}
    yield from (f"container: {name} is nothing that it needs" for name in sorted(others))
    yield from (f"container: {name}" for name in _watched(container))


def _watched(container: Object) -> Iterable[str]:
    """What would end a process for a Vault that is away."""
    return [f"has a {name}" for name in ("livenessProbe", "startupProbe", "lifecycle") if name in container]
