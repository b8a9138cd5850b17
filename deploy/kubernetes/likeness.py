"""Whether an object is the one that is made, but for what an overlay may change. Pure.

What an overlay may change gives nobody a right or a route. That includes which image runs: what is in it is
believed.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator

from deploy.kubernetes.cluster import Object
from deploy.kubernetes.placing import FRONTS

OF_CRON_JOBS = ("schedule", "timeZone")
OF_PODS = ("nodeSelector", "affinity", "tolerations", "priorityClassName", "imagePullSecrets")
OF_CONTAINERS = ("image", "imagePullPolicy", "resources")
FOR_OPERATORS = ("PodMonitor", "PrometheusRule", "ConfigMap")
"""What Prometheus's operator and Grafana choose by labels of theirs, which an overlay may add."""
SCALED = ("minReplicaCount", "maxReplicaCount")
"""Between which numbers KEDA scales: an overlay may choose two between those that are made."""

Key = tuple[str, str, str, str]


def key_of(it: Object) -> Key:
    """Which object it is."""
    place = it.get("metadata", {})
    return (it.get("apiVersion", ""), it.get("kind", ""), place.get("namespace", ""), place.get("name", ""))


def unlike(objects: Iterable[Object], made: Iterable[Object]) -> Iterator[Key]:
    """Those that are not like the one of their name that is made, or of which none is."""
    known = {key_of(it): it for it in made}
    yield from (key_of(it) for it in objects if not _is_like(it, known.get(key_of(it))))


def _is_like(it: Object, made: Object | None) -> bool:
    if made is None:
        return False
    found = _bare(it)
    if made["kind"] == "ScaledObject" and _is_within(found["spec"], made["spec"]):
        found["spec"].update({name: made["spec"][name] for name in SCALED})
    if made["kind"] == "Deployment" and found["spec"].get("replicas", 1) >= FRONTS:
        found["spec"]["replicas"] = made["spec"]["replicas"]  # as many as people need
    if made["kind"] in FOR_OPERATORS:
        _drop_labels(found["metadata"], made["metadata"])
    return found == _bare(made)


def _is_within(found: Object, made: Object) -> bool:
    least, most = (found.get(name) for name in SCALED)
    if not (isinstance(least, int) and isinstance(most, int)):
        return False
    floor, ceiling = (made[name] for name in SCALED)
    return bool(floor <= least <= most <= ceiling)


def _bare(it: Object) -> Object:
    """Without what an overlay may change."""
    found = copy.deepcopy(it)
    match found.get("kind"):
        case "StatefulSet" | "Deployment":
            _bare_pod(found["spec"]["template"])
        case "CronJob":
            _drop(found["spec"], OF_CRON_JOBS)
            _bare_pod(found["spec"]["jobTemplate"]["spec"]["template"])
    return found


def _drop_labels(metadata: Object, made: Object) -> None:
    """Those that are not made."""
    wanted = made.get("labels", {})
    labels = {name: it for name, it in (metadata.pop("labels", None) or {}).items() if name in wanted}
    if labels:
        metadata["labels"] = labels


def _bare_pod(pod: Object) -> None:
    _drop(pod["spec"], OF_PODS)
    for container in pod["spec"]["containers"]:
        _drop(container, OF_CONTAINERS)


def _drop(of: Object, names: Iterable[str]) -> None:
    for name in names:
        of.pop(name, None)
