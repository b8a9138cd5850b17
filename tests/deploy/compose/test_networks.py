"""Who has a network in common with whom: nobody who has no business with the other."""

from __future__ import annotations

from pathlib import Path

import pytest

import deploy.compose
from deploy.compose.cluster import (
    BROKERS,
    CENSUS,
    CLIENT,
    DOOR,
    GRAFANA,
    METRICS,
    NODES,
    PROMETHEUS,
    REGISTRY,
    SCHEMAS,
    STARTER,
    VAULT,
    gateway,
    is_page,
    page_port,
    pages,
    processes,
)
from deploy.compose.networks import DASHBOARDS, OPERATORS, OUTSIDE, Network, entrance, networks, on
from deploy.compose.networks import PARTS as REACHED
from deploy.kubernetes.cluster import Cluster
from deploy.kubernetes.placing import Environment
from deploy.kubernetes.routes import places
from topology.flow import Content
from topology.loading import load_topology

PARTS = {*BROKERS, *NODES, REGISTRY}


@pytest.fixture(scope="module")
def found(topology) -> dict[str, Network]:
    return networks(topology)


def reached(found, service) -> set[tuple[str, int | str]]:
    """What answers on any network that a service is on, but for its own."""
    answers = {it for network in found.values() if service in network.members for it in network.answers}
    return {(other, port) for other, port in answers if other != service}


def test_there_are_as_many_as_the_readme_says(topology, found):
    """Engines have addresses for some thirty."""
    packaged = len(networks(load_topology()))
    readme = (Path(deploy.compose.__file__).parent / "README.md").read_text(encoding="utf-8")
    assert f"takes {packaged} networks, one more for each further project" in " ".join(readme.split())
    assert len(found) == packaged + len(topology.projects) - 1


def test_a_process_reaches_what_a_pod_of_the_same_identity_does_and_no_more(topology, found):
    cluster = Cluster("veil.example")
    expected = {
        cluster.kafka.namespace: {(it, CLIENT) for it in BROKERS},
        cluster.registry.namespace: {(REGISTRY, SCHEMAS)},
        cluster.vault.namespace: {(it, VAULT) for it in NODES},
        cluster.names.namespace: set(),
    }
    for process in processes(topology):
        routes = {answer for place in places(process.who, cluster) for answer in expected[place.namespace]}
        of_parts = {answer for answer in reached(found, process.service) if answer[0] in PARTS}
        assert of_parts == routes, process.slot


def test_beside_the_parts_it_reaches_its_neighbours_counts_and_pages_alone(topology, found):
    where = {it.service: it.who.environment for it in processes(topology)}
    where |= dict.fromkeys((STARTER, CENSUS), Environment.PLATFORM)
    ports = {METRICS, *(page_port(it) for it in pages(topology))}
    for service, environment in where.items():
        for other, port in reached(found, service):
            assert other in PARTS or (where[other] is environment and port in ports), (service, other)


def test_environments_have_no_network_in_common(topology, found):
    environments = {it.service: it.who.environment for it in processes(topology)}
    for network in found.values():
        assert len({environments[it] for it in network.members if it in environments}) <= 1


def test_who_reads_raw_records_is_in_no_network_with_who_serves_annotators(topology, found):
    flow = topology.flow
    raw = {
        it.service
        for it in processes(topology)
        if any(flow.topics[topic].holds is Content.RAW for topic in flow.roles[it.who.identity.role].reads)
    }
    serving = {it.service for it in processes(topology) if is_page(it.who)}
    assert raw
    assert serving
    for network in found.values():
        assert not (raw & set(network.members) and serving & set(network.members))


def test_people_come_to_a_page_and_to_nothing_else(topology, found):
    network = found["annotation"]
    labels = {it.service for it in processes(topology) if it.who.identity.role == "label"}
    assert {service for service, _ in network.answers} == labels
    assert set(network.members) == labels | {"gateway-label-demo", "gateway-label-letters"}


def test_a_gateway_is_on_the_way_from_outside_to_its_page_and_nowhere_else(topology):
    for who in pages(topology):
        there = "annotation" if who.environment is Environment.ANNOTATION else "officers"
        assert set(on(topology, gateway(who))) == {there, entrance(who)}


def test_only_what_this_machine_is_to_reach_is_published(topology, found):
    published = {name: set(it.members) for name, it in found.items() if it.published}
    assert published == {entrance(who): {gateway(who)} for who in pages(topology)} | {OUTSIDE: {DOOR}}
    assert set(found[OPERATORS].members) == PARTS | {DOOR}
    assert set(found[DASHBOARDS].members) == {PROMETHEUS, GRAFANA, DOOR}


def test_whoever_runs_the_parts_reaches_each_where_it_answers(found):
    answers = found[OPERATORS].answers | found[DASHBOARDS].answers
    for part, name, port in REACHED:
        assert (part, port) in answers
        assert name in {
            part,
            *(alias for it in found.values() for who, alias in it.members.items() if who == part),
        }


def test_prometheus_reaches_counts_and_no_part(found):
    assert {port for other, port in reached(found, PROMETHEUS) if other != GRAFANA} == {METRICS}


def test_who_listens_on_one_network_alone_is_called_there_as_nowhere_else(found):
    names = [alias for network in found.values() for alias in network.members.values() if alias]
    assert len(names) == len(set(names))
    assert not set(names) & {service for network in found.values() for service in network.members}
