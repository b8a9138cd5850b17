"""Counts the brokers and Vault's nodes, for Prometheus: `python -m deploy.compose.census --root DIR`.

Kafka is asked as the inspector, who may see how topics stand; Vault's nodes are asked how they are, which they
tell everybody. It has no login in Vault.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import structlog
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from prometheus_client import Gauge

from deploy import logs
from deploy.health_server import HealthServer
from deploy.local.endpoints import Endpoints, VaultEndpoint, load_endpoints
from deploy.passwords import LOOK_S, PasswordWatch
from deploy.provision.credentials import CredentialFiles
from deploy.settings import DEFAULT_HEALTH_PORT, HEALTH_HOST_VARIABLE, HEALTH_PORT_VARIABLE
from schemas.errors import VeilError
from schemas.registry import tls_context
from streams.engine.health import Condition, Health
from streams.engine.kafka_access import KafkaAccess
from topology.identity import PLATFORM, Identity
from vault.nodes import addresses

LOOKS_AS = Identity("inspector", PLATFORM)
EVERY_S = 2.0
ANSWERS_WITHIN_S = 2.0
LEADS, STANDS_BY = 200, 429
"""What `sys/health` answers."""

BROKERS = Gauge("veil_cluster_brokers", "Brokers that are there, as Kafka says")
BROKERS_DECLARED = Gauge("veil_cluster_brokers_declared", "Brokers that there should be")
LAGGING = Gauge("veil_cluster_lagging_partitions", "Partitions of which a copy is not in sync")
NODES = Gauge("veil_cluster_vault_nodes", "Nodes of Vault that answer and are unsealed")
NODES_DECLARED = Gauge("veil_cluster_vault_nodes_declared", "Nodes of Vault that there should be")
LEADERS = Gauge("veil_cluster_vault_leaders", "Nodes of Vault that lead: one")

log = structlog.get_logger()


class Census:
    """Looks once, each time it is told to. Blocks for some seconds where nobody answers."""

    def __init__(self, endpoints: Endpoints, access: KafkaAccess) -> None:
        self._kafka = access.login.keep(AdminClient(access.settings(), logger=silent()))
        self._vault, self._tls = endpoints.vault, tls_context(endpoints.vault.ca_file)
        BROKERS_DECLARED.set(len(endpoints.kafka.bootstrap.split(",")))
        NODES_DECLARED.set(len(addresses(endpoints.vault.url)))

    def look(self) -> None:
        """Once. What does not answer is not there."""
        found, lagging = self._brokers()
        BROKERS.set(found)
        LAGGING.set(lagging)
        states = node_states(self._vault, self._tls)
        NODES.set(sum(it in (LEADS, STANDS_BY) for it in states))
        LEADERS.set(states.count(LEADS))

    def _brokers(self) -> tuple[int, int]:
        try:
            seen = self._kafka.list_topics(timeout=ANSWERS_WITHIN_S)
        except KafkaException:
            return 0, 0
        partitions = (it for topic in seen.topics.values() for it in topic.partitions.values())
        return len(seen.brokers), sum(len(it.isrs) < len(it.replicas) for it in partitions)


def node_states(vault: VaultEndpoint, tls: ssl.SSLContext) -> list[int]:
    """What each node answers when asked how it is; 0: nothing."""
    return [_state(url, tls) for url in addresses(vault.url)]


def _state(url: str, tls: ssl.SSLContext) -> int:
    try:
        with httpx.Client(verify=tls, timeout=ANSWERS_WITHIN_S, trust_env=False) as http:
            return http.get(f"{url}/v1/sys/health").status_code
    except httpx.HTTPError:
        return 0


def silent() -> logging.Logger:
    """For clients of a broker that may be away: every attempt to connect would be reported."""
    logger = logging.getLogger("veil.cluster")
    logger.disabled = True
    return logger


def main(arguments: list[str] | None = None) -> int:
    """Look until SIGTERM. 0, or 2 where it has no files."""
    parser = argparse.ArgumentParser(prog="python -m deploy.compose.census", description="Count parts.")
    parser.add_argument("--root", type=Path, required=True)
    root = parser.parse_args(arguments).root.absolute()
    logs.configure("census")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        _run(root, stop)
    except VeilError as error:
        log.error("refused", exc_info=error)
        return 2
    return 0


@contextmanager
def counting(root: Path, look_s: float = LOOK_S) -> Iterator[Census]:
    """As the root's files say, and by the password that they say by now. Raises ConfigError."""
    endpoints, files = load_endpoints(root / "run" / "endpoints.json"), CredentialFiles(root)
    kafka, own = endpoints.kafka, files.load(LOOKS_AS)
    access = KafkaAccess(kafka.bootstrap, kafka.ca_file, own.kafka_user, own.kafka_password)
    census = Census(endpoints, access)
    with closing(PasswordWatch(files, LOOKS_AS, access.login, look_s)):
        yield census


def _run(root: Path, stop: threading.Event) -> None:
    with counting(root) as census:
        health = Health()
        port = int(os.environ.get(HEALTH_PORT_VARIABLE, DEFAULT_HEALTH_PORT))
        server = HealthServer(health, port, os.environ.get(HEALTH_HOST_VARIABLE, ""))
        try:
            census.look()
            health.set(Condition.WORKING)
            while not stop.wait(EVERY_S):
                census.look()
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
