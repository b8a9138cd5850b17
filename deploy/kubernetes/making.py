"""Everything for a cluster, from what the flow and the projects say: objects in files, and their kustomization.

Pure, but for the alerts and the dashboard, which are files. The same topology gives the same text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import yaml

from deploy.kubernetes.cluster import Cluster, Object
from deploy.kubernetes.kafka_objects import kafka_objects
from deploy.kubernetes.placing import Environment, placed
from deploy.kubernetes.routes import denials
from deploy.kubernetes.scaling import scaled
from deploy.kubernetes.scraping import monitors
from deploy.kubernetes.watching import watching
from deploy.kubernetes.workloads import workload
from topology.loading import Topology

KUSTOMIZATION = "kustomization.yaml"


def made(topology: Topology, cluster: Cluster, own: Collection[str] = ()) -> dict[str, list[Object]]:
    """The objects, by file. `own`: projects whose files are not in the image."""
    files = {"namespaces.yaml": [*_namespaces(), *denials()], "kafka.yaml": [*kafka_objects(topology, cluster)]}
    everybody = placed(topology, ships=cluster.ships)
    for environment in Environment:
        files[f"{environment.value}.yaml"] = [
            made
            for who in everybody
            if who.environment is environment
            for made in (*workload(who, cluster, own), *scaled(who, topology, cluster))
        ]
    files["metrics.yaml"] = [*monitors(everybody), *watching(everybody, topology)]
    resources = [name for name, objects in files.items() if objects]
    files[KUSTOMIZATION] = [
        {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": resources}
    ]
    return files


def text(objects: Collection[Object]) -> str:
    """As YAML."""
    return yaml.dump_all(objects, Dumper=_Plain, sort_keys=False, explicit_start=True, allow_unicode=True)


def _namespaces() -> Iterator[Object]:
    """Kubernetes itself refuses pods there that are not as `restricted` says."""
    for environment in Environment:
        levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
        yield {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": environment.namespace, "labels": levels},
        }


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the base class's name
        """What stands twice is written twice."""
        return True
