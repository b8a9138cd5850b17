"""A second broker beside that of a local stack, under its controller: some of Kafka's troubles take two."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from confluent_kafka.admin import AdminClient

from deploy.local.authority import Certificates
from deploy.local.endpoints import KafkaEndpoint
from deploy.local.kafka import ADMIN, HEAP_MIB, properties, server_settings
from deploy.local.layout import Layout
from deploy.local.part import Command, java, plain_environment
from deploy.local.ports import keep
from deploy.local.processes import downloaded
from deploy.supervise.spawn import NURSERY
from tests.support.kafka_tools import login, run_tool, write_settings
from tests.support.waiting import wait_for

NODE = 2
STOP_S = 60


class SecondBroker:
    """`start` and `kill` as often as wanted; it keeps its data in between. `stack`: the root of the other's stack,
    `folder`: its own, empty at first.
    """

    def __init__(self, stack: Path, kafka: KafkaEndpoint, folder: Path) -> None:
        self._first, self._layout, self._kafka = Layout(stack.absolute()), Layout.create(folder), kafka
        self._config = folder / "server.properties"
        self._child: subprocess.Popen[bytes] | None = None
        self._config.write_text(properties(self._settings()))
        self._format()

    def start(self) -> None:
        """Returns when the controller counts it among the brokers."""
        command = self._java("kafka.Kafka", str(self._config))
        self._child = NURSERY.spawn(command.argv, command.env, self._layout.log("kafka"), command.cwd)
        wait_for(lambda: NODE in self._brokers(), "the second broker is there")

    def kill(self) -> None:
        """SIGKILL; returns when it is gone. Whoever is gone is killed for nothing."""
        if self._child is not None:
            self._child.kill()
            self._child.wait(STOP_S)
            self._child = None

    def copy(self, topics: Sequence[str]) -> None:
        """Each partition of these topics has a copy here from now on, and one where it was."""
        places = self._places(topics)
        plan = {
            "version": 1,
            "partitions": [
                {"topic": topic, "partition": partition, "replicas": [1, NODE]} for topic, partition in places
            ],
        }
        file = self._layout.scratch / "reassignment.json"
        file.write_text(json.dumps(plan))
        password = self._kafka.admin_password_file.read_text().strip()
        config = write_settings(self._layout.secrets / "admin.properties", login(self._kafka, ADMIN, password))
        run_tool(
            "org.apache.kafka.tools.reassign.ReassignPartitionsCommand",
            *("--bootstrap-server", self._kafka.bootstrap, "--command-config", str(config)),
            *("--reassignment-json-file", str(file), "--execute"),
        )
        wait_for(lambda: self.in_sync(topics), "both brokers have everything")

    def in_sync(self, topics: Sequence[str]) -> bool:
        """Whether it has all that the first has of these topics."""
        found = self._admin().list_topics(timeout=10).topics
        return all({1, NODE} <= set(p.isrs) for topic in topics for p in found[topic].partitions.values())

    def _places(self, topics: Sequence[str]) -> list[tuple[str, int]]:
        found = self._admin().list_topics(timeout=10).topics
        return [(topic, partition) for topic in topics for partition in found[topic].partitions]

    def _brokers(self) -> set[int]:
        return set(self._admin().list_topics(timeout=10).brokers)

    def _admin(self) -> AdminClient:
        return AdminClient(self._kafka.client_settings())

    def _settings(self) -> dict[str, str]:
        """Those of the first, but for who it is, where it listens, and that it is no controller."""
        first, own = keep(self._first.root / "ports.json", random.Random()), self._own_ports()
        ports = replace(own, kafka_controller=first.kafka_controller)
        settings = server_settings(ports, Certificates(self._first.tls), self._layout.root / "data")
        listeners = settings["listeners"].split(",")
        return settings | {
            "process.roles": "broker",
            "node.id": str(NODE),
            "listeners": ",".join(one for one in listeners if not one.startswith("CONTROLLER")),
        }

    def _own_ports(self):
        return keep(self._layout.root / "ports.json", random.Random())

    def _format(self) -> None:
        """As a part of the first one's cluster."""
        written = (self._first.data("kafka") / "data" / "meta.properties").read_text()
        cluster = next(line.removeprefix("cluster.id=") for line in written.splitlines() if "cluster.id" in line)
        tool = self._java("kafka.tools.StorageTool", "format", "-c", str(self._config), "-t", cluster)
        subprocess.run(tool.argv, env=dict(tool.env), cwd=tool.cwd, check=True, capture_output=True)

    def _java(self, *arguments: str) -> Command:
        programs = downloaded({"kafka"}, {}, lambda _: None)
        jars = ":".join(map(str, programs.kafka))
        quick = "-XX:TieredStopAtLevel=1"
        argv = java(programs.java, self._layout, HEAP_MIB, quick, "-cp", jars, *arguments)
        return Command(argv, plain_environment(), self._layout.root)
