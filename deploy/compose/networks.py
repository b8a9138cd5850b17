"""Which networks there are, who is on each, and what answers there. Pure.

There is no packet filter of ours: environments have no network in common, and a network reaches nothing beyond
itself (`internal`), but for those on which a port is this machine's. On each of these is one gateway, and nobody
else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from deploy.compose.cluster import (
    BROKERS,
    CENSUS,
    CLIENT,
    CONTROLLER,
    DOOR,
    GRAFANA,
    GRAFANA_PORT,
    INTERNAL,
    METRICS,
    NODES,
    OPERATOR,
    PROMETHEUS,
    PROMETHEUS_PORT,
    RAFT,
    REGISTRY,
    SCHEMAS,
    STARTER,
    VAULT,
    Process,
    gateway,
    network,
    page_port,
    pages,
    port_of,
    processes,
)
from deploy.kubernetes.placing import Environment, Placed
from topology.loading import Topology

LOG, KEYS, COUNTS = "log", "vault", "metrics"
QUORUM, RAFT_NETWORK, OPERATORS, DASHBOARDS = "quorum", "raft", "operators", "dashboards"
ENTRANCE, OUTSIDE = "entrance", "outside"
AT = {"annotation": Environment.ANNOTATION.value, "platform": "officers"}
"""The networks that people come in by, by the environment of the page."""

PARTS = (
    *((it, f"{it}-{OPERATORS}", OPERATOR) for it in BROKERS),
    *((it, it, VAULT) for it in NODES),
    (REGISTRY, REGISTRY, SCHEMAS),
    (PROMETHEUS, f"{PROMETHEUS}-{DASHBOARDS}", PROMETHEUS_PORT),
    (GRAFANA, GRAFANA, GRAFANA_PORT),
)
"""What whoever runs them reaches from here: the part, and at which name and port their gateway finds it."""

Answer = tuple[str, int | str]
"""A service and a port on which it answers; of pages the name of the variable that holds it."""


@dataclass(frozen=True, slots=True)
class Network:
    """`members`: by service, how it is called here besides. `answers`: everything that answers here."""

    members: dict[str, str]
    answers: frozenset[Answer]
    published: bool = False
    """Whether ports of it are this machine's, on loopback."""


def networks(topology: Topology) -> dict[str, Network]:
    """All of them, by name."""
    found = {QUORUM: _quorum(), RAFT_NETWORK: _raft()}
    for environment in Environment:
        inside = [it for it in processes(topology) if it.who.environment is environment]
        found |= dict(_of_environment(environment, inside))
    parts = {OPERATORS: _operators(), DASHBOARDS: _dashboards(), OUTSIDE: _outside()}
    return found | dict(_of_pages(topology)) | parts


def _quorum() -> Network:
    """Of the brokers alone. What is for others listens there as well."""
    answers = {(it, port) for it in BROKERS for port in (CLIENT, INTERNAL, CONTROLLER)}
    return Network({it: f"{it}-{QUORUM}" for it in BROKERS}, frozenset(answers))


def _raft() -> Network:
    """Of Vault's nodes alone."""
    answers = {(it, port) for it in NODES for port in (VAULT, RAFT)}
    return Network({it: f"{it}-{RAFT_NETWORK}" for it in NODES}, frozenset(answers))


def _of_environment(environment: Environment, inside: list[Process]) -> Iterator[tuple[str, Network]]:
    """Everybody to Kafka and the registry; to Vault whoever has a right there; Prometheus to everybody."""
    platform = environment is Environment.PLATFORM
    besides = (STARTER, CENSUS) if platform else ()
    everybody = [*(it.service for it in inside), *besides]
    parts = {*((it, CLIENT) for it in BROKERS), (REGISTRY, SCHEMAS)}
    yield (
        network(environment, LOG),
        Network(dict.fromkeys((*everybody, *BROKERS, REGISTRY), ""), frozenset(parts)),
    )
    keyed = [*(it.service for it in inside if it.who.in_vault), *besides]
    if keyed:
        yield (
            network(environment, KEYS),
            Network(dict.fromkeys((*keyed, *NODES), ""), frozenset((it, VAULT) for it in NODES)),
        )
    counted = {it: f"{it}-{COUNTS}" for it in everybody}
    yield (
        network(environment, COUNTS),
        Network(counted | {PROMETHEUS: ""}, frozenset((it, METRICS) for it in everybody)),
    )


def _of_pages(topology: Topology) -> Iterator[tuple[str, Network]]:
    """People's browsers and apps: what they reach is the page, and the page reaches nothing there."""
    for where, name in AT.items():
        served = [it for it in pages(topology) if it.environment.value == where]
        behind = [it for it in processes(topology) if it.who in served]
        answers: set[Answer] = {(it.service, page_port(it.who)) for it in behind}
        members = {it.service: f"{it.service}-page" for it in behind} | {gateway(it): "" for it in served}
        if members:
            yield name, Network(members, frozenset(answers))
        for who in served:
            yield entrance(who), _alone(gateway(who), ENTRANCE, [page_port(who)])


def entrance(who: Placed) -> str:
    """The network on which a page's gateway is this machine's: each has its own."""
    return f"{ENTRANCE}-{who.name}"


def _alone(service: str, where: str, ports: Iterable[str]) -> Network:
    """Of one gateway, so that nobody meets anybody there."""
    return Network({service: f"{service}-{where}"}, frozenset((service, it) for it in ports), published=True)


def _operators() -> Network:
    """Whoever runs the parts, by their gateway."""
    answers = {(it, port) for it in BROKERS for port in (CLIENT, OPERATOR)}
    answers |= {(it, VAULT) for it in NODES} | {(REGISTRY, SCHEMAS)}
    members = {it: f"{it}-{OPERATORS}" for it in BROKERS} | dict.fromkeys((*NODES, REGISTRY, DOOR), "")
    return Network(members, frozenset(answers))


def _dashboards() -> Network:
    answers = {(PROMETHEUS, PROMETHEUS_PORT), (GRAFANA, GRAFANA_PORT)}
    return Network({PROMETHEUS: f"{PROMETHEUS}-{DASHBOARDS}", GRAFANA: "", DOOR: ""}, frozenset(answers))


def _outside() -> Network:
    """This machine's loopback, for whoever runs the parts."""
    return _alone(DOOR, OUTSIDE, (port_of(it) for it, _, _ in PARTS))


def on(topology: Topology, service: str) -> dict[str, str]:
    """The networks that a service is on, and how it is called on each besides."""
    return {name: it.members[service] for name, it in networks(topology).items() if service in it.members}
