"""What the parts of a cluster are called, where they listen, and how many there are. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deploy.kubernetes.placing import NOTIFY, Environment, Placed, placed
from deploy.settings import IMAGE_HEALTH_PORT
from topology.loading import Topology

BROKERS = ("kafka-1", "kafka-2", "kafka-3")
NODES = ("vault-1", "vault-2", "vault-3")
REGISTRY, STARTER, CENSUS = "registry", "starter", "census"
PROMETHEUS, GRAFANA = "prometheus", "grafana"
DOOR = "gateway-operators"
"""By which whoever runs the parts reaches them from this machine; no part is on a network that leads anywhere."""

CLIENT, OPERATOR, INTERNAL, CONTROLLER = 9093, 9092, 9094, 9095
"""Of a broker: for processes, for whoever runs it (on this machine's loopback), for brokers among themselves."""
VAULT, RAFT = 8200, 8201
SCHEMAS = 8443
METRICS = IMAGE_HEALTH_PORT
PROMETHEUS_PORT, GRAFANA_PORT = 9090, 3000

SEVERAL = {"redact": 2, "label": 2}
"""Processes of which there are several: redact shares its partitions, the second label stands by for the first."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process of an identity, and so one container."""

    who: Placed
    number: int

    @property
    def service(self) -> str:
        """What it is called on its networks: `redact-demo-0`."""
        return f"{self.who.name}-{self.number}"

    @property
    def slot(self) -> str:
        """What it is called on the audit: `redact.demo.0`."""
        return self.who.identity.slot(self.number)


def processes(topology: Topology) -> Iterator[Process]:
    """Everything that runs, in the order data passes through it; what starts, does one thing and ends does not."""
    for who in _here(topology):
        yield from (Process(who, number) for number in range(SEVERAL.get(who.identity.role, 1)))


def _here(topology: Topology) -> Iterator[Placed]:
    """All but jobs, those who read Vault's log or have a way out, and fronts: label's gateway is before it."""
    for who in placed(topology, ships=False):
        if not (who.is_job or who.is_front or who.identity.role == NOTIFY):
            yield who


def is_page(who: Placed) -> bool:
    """Whether people come to it by a browser; in Kubernetes they come to label by its fronts."""
    return who.serves or who.fronted


def pages(topology: Topology) -> Iterator[Placed]:
    """Whom people come to by a browser."""
    yield from (who for who in _here(topology) if is_page(who))


def gateway(who: Placed) -> str:
    """What stands before a page: one address for all of its processes."""
    return f"gateway-{who.name}"


def page_port(who: Placed) -> str:
    """The variable that holds the port of a page: a part of what browsers check it by, so the same everywhere."""
    return f"CLUSTER_PAGE_{_variable(who.name)}"


def port_of(service: str) -> str:
    """The variable that holds the port of this machine at which a part is reached by whoever runs it."""
    return f"CLUSTER_{_variable(service)}"


def files_of(service: str) -> str:
    """The variable that tells one state of the files that a container is given from another."""
    return f"CLUSTER_FILES_{_variable(service)}"


def _variable(service: str) -> str:
    return service.upper().replace("-", "_")


def network(environment: Environment, place: str) -> str:
    """The network by which the processes of an environment reach a part: `ingestion-vault`."""
    return f"{environment.value}-{place}"
