"""The objects of one identity that has pods: its account, its set or cron job, and what a page needs besides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deploy.kubernetes.cluster import PAGE_PORT, Cluster, Object
from deploy.kubernetes.placing import Placed
from deploy.kubernetes.pods import labels, stage, template
from deploy.kubernetes.routes import inside, route

VEIL = "/opt/veilstream/bin/veil"
DAILY = {"backup": "17 2 * * *", "inspector": "47 5 * * *"}
"""By the cluster's clock; not on the hour, when everybody's begin."""
BACKUPS, RECIPIENT = "backups", "backup-recipient"
"""The claim that backups are written to, and the ConfigMap that says (`recipient`) who can open them."""
TRIED_FOR_S, TRIED_AGAIN = 6 * 3600, 2
"""A backup that takes longer would meet tomorrow's. One that fails may have come before its routes."""
OVERDUE = 1
"""The exit code of an inspector that has found something: it would find it again."""


def workload(who: Placed, cluster: Cluster, projects: Iterable[str]) -> Iterator[Object]:
    """All of them. `projects`: those with files besides the packaged ones."""
    yield _named(who, "v1", "ServiceAccount", who.identity.name) | {"automountServiceAccountToken": False}
    yield route(who, cluster)
    if who.is_job:
        yield _job(who, cluster, projects)
        return
    yield _deployment(who, cluster, projects) if who.is_front else _set(who, cluster, projects)
    yield _budget(who)
    if who.serves or who.fronted:
        yield _service(who)
        yield _certificate(who, cluster)


def _set(who: Placed, cluster: Cluster, projects: Iterable[str]) -> Object:
    """A set, not a Deployment: of each slot there is one process at most, and its successor has its number."""
    template_ = _apart(who, template(who, cluster, stage(who), projects))
    # How many there are is KEDA's to say where it scales them: each `apply` would set it back.
    number = {} if who.processes > 1 else {"replicas": 1}
    return _named(who, "apps/v1", "StatefulSet", who.name) | {
        "spec": {
            **number,
            "serviceName": who.name,
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": labels(who)},
            "template": template_,
        }
    }


def _deployment(who: Placed, cluster: Cluster, projects: Iterable[str]) -> Object:
    """Fronts have no number and keep nothing: one that has ended is started again at once. As many stay as there
    were while all are replaced.
    """
    return _named(who, "apps/v1", "Deployment", who.name) | {
        "spec": {
            "replicas": who.processes,
            "strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "selector": {"matchLabels": labels(who)},
            "template": _apart(who, template(who, cluster, stage(who), projects)),
        }
    }


def _apart(who: Placed, pod: Object) -> Object:
    """Of several processes each runs on a machine of its own, and in a zone of its own, where that can be had."""
    if who.processes > 1:
        over = ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
        pod["spec"]["topologySpreadConstraints"] = [_spread(who, it) for it in over]
    return pod


def _spread(who: Placed, over: str) -> Object:
    """Anyway: a process on a machine with another is better than none."""
    return {
        "maxSkew": 1,
        "topologyKey": over,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels(who)},
    }


def _budget(who: Placed) -> Object:
    """One at a time; of a single process that one, too: who drains a machine would wait for it for ever. One that
    isn't ready goes at any time: while Vault or Kafka is away none is, and a single one would stay for good.
    """
    return _named(who, "policy/v1", "PodDisruptionBudget", who.name) | {
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": labels(who)},
        }
    }


def _service(who: Placed) -> Object:
    return _named(who, "v1", "Service", who.name) | {
        "spec": {
            "selector": labels(who),
            "ports": [{"name": "https", "port": PAGE_PORT, "targetPort": PAGE_PORT, "protocol": "TCP"}],
        }
    }


def _certificate(who: Placed, cluster: Cluster) -> Object:
    place = who.identity.place
    name = inside(place) if who.fronted else cluster.page(who.identity.role, place)
    return _named(who, "cert-manager.io/v1", "Certificate", f"{who.name}-tls") | {
        "spec": {
            "secretName": f"{who.name}-tls",
            "dnsNames": [name],
            "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": cluster.issuer},
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            "usages": ["digital signature", "server auth"],
        }
    }


def _job(who: Placed, cluster: Cluster, projects: Iterable[str]) -> Object:
    made = template(who, cluster, _backup() if who.identity.role == "backup" else _purge(), projects)
    made["spec"]["restartPolicy"] = "Never"
    if who.identity.role == "backup":
        made["spec"]["volumes"].append({"name": BACKUPS, "persistentVolumeClaim": {"claimName": BACKUPS}})
        mounts = made["spec"]["containers"][0]["volumeMounts"]
        mounts.append({"name": BACKUPS, "mountPath": f"/{BACKUPS}"})
    return _named(who, "batch/v1", "CronJob", who.name) | {
        "spec": {
            "schedule": DAILY[who.identity.role],
            "concurrencyPolicy": "Forbid",
            "jobTemplate": {
                "spec": {
                    "backoffLimit": TRIED_AGAIN,
                    "podFailurePolicy": {"rules": [*_failures(who)]},
                    "activeDeadlineSeconds": TRIED_FOR_S,
                    "template": made,
                },
            },
        }
    }


def _failures(who: Placed) -> Iterator[Object]:
    """A pod that had to leave its machine has not failed."""
    yield {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    if who.identity.role == "inspector":
        yield {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [OVERDUE]}}


def _purge() -> Object:
    return {"command": [VEIL], "args": ["purge", "--dry-run", "--root", "/veil"]}


def _backup() -> Object:
    recipient = {"configMapKeyRef": {"name": RECIPIENT, "key": "recipient"}}
    return {
        "command": [VEIL],
        # A folder of its own each time: no pod's name is given twice. To verify it takes Vault's seal keys.
        "args": ["backup", f"/{BACKUPS}/$(POD)", "--to", "$(RECIPIENT)", "--no-verify", "--root", "/veil"],
        "env": [
            {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "RECIPIENT", "valueFrom": recipient},
        ],
    }


def _named(who: Placed, api: str, kind: str, name: str) -> Object:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": who.namespace}}
