"""The service by which pods find others by name: CoreDNS, where every cluster has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from deploy.kubernetes.cluster import Cluster, Object
from tests.kubernetes.told import NAMES

COREFILE = """.:53 {{
  errors
  kubernetes cluster.local {{
    kubeconfig {config}
  }}
}}
"""


def objects(cluster: Cluster, config: Path) -> Iterator[Object]:
    """`config`: by which it asks the API server, with everything that it names in the same folder."""
    place = cluster.names
    metadata = {"name": "names", "namespace": place.namespace}
    yield {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata,
        "data": {"Corefile": COREFILE.format(config=config)},
    }
    container = {
        "name": "names",
        "image": "localhost/names:1",
        "imagePullPolicy": "Never",
        "args": ["-conf", "/told/Corefile"],
        "volumeMounts": [
            {"name": "told", "mountPath": "/told"},
            {"name": "config", "mountPath": str(config.parent), "readOnly": True},
        ],
    }
    volumes = [
        {"name": "told", "configMap": {"name": "names"}},
        {"name": "config", "hostPath": {"path": str(config.parent)}},
    ]
    yield {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata | {"labels": dict(place.labels)},
        "spec": {"dnsPolicy": "Default", "containers": [container], "volumes": volumes},
    }
    ports = [{"name": it.lower(), "port": place.port, "protocol": it} for it in place.protocols]
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"clusterIP": NAMES, "selector": dict(place.labels), "ports": ports},
    }
