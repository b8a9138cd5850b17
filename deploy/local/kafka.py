"""The local broker: Kafka in KRaft mode, one node that is broker and controller."""

from __future__ import annotations

import base64
import json
import logging
import secrets
import shutil
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.local.authority import BROKER, Certificates
from deploy.local.disk import MIB
from deploy.local.endpoints import KafkaEndpoint
from deploy.local.layout import Layout
from deploy.local.part import Command, java, plain_environment
from deploy.local.ports import Ports
from deploy.local.runner import Programs
from deploy.supervise.spawn import Spawner
from schemas.errors import StackError
from schemas.files import write_atomically
from topology.topics import Environment

ADMIN = "veil-admin"
HEAP_MIB = 512  # 390 MB resident at the demo's load; the log cleaner alone takes 32 MiB of it
FORMAT_HEAP_MIB = 128
FORMAT_LIMIT_S = 60
MAX_MESSAGE = 2 * MIB  # a payload of at most 1 MiB in its sealed form
LOGIN_TIMEOUT_S = 1.0
REAUTHENTICATE_MS = 600_000
"""How long a connection goes on after its user's password is gone (KIP-368; warden stops it at once, by rules that
deny). Measured with 5 s: who was deleted went on for 4.2 s, others noticed nothing over three renewals."""


class Kafka:
    """Implements Part. `spawner` starts what formats its storage."""

    name = "kafka"
    ready_within_s = 120.0

    def __init__(
        self, layout: Layout, programs: Programs, ports: Ports, certificates: Certificates, spawner: Spawner
    ) -> None:
        self._layout = layout
        self._programs = programs
        self._ports = ports
        self._certificates = certificates
        self._spawner = spawner
        self._folder = layout.data("kafka")
        self._config = self._folder / "server.properties"
        self._logging = self._folder / "log4j2.properties"
        self._denied = layout.logs / "kafka-denied.log"
        self._formatted = self._folder / "formatted"  # written last: half a format is not one
        self._client: AdminClient | None = None

    @property
    def endpoint(self) -> KafkaEndpoint:
        return KafkaEndpoint(
            bootstrap=f"127.0.0.1:{self._ports.kafka}",
            ca_file=self._certificates.ca,
            admin_user=ADMIN,
            admin_password_file=self._layout.secrets / "kafka-admin-password",
            denied_log=self._denied,
        )

    def command(self) -> Command:
        # The optimising compiler takes half of a broker's first minutes: without it 1,200 labels cost 12 s of CPU
        # instead of 25, and were done in 23 s instead of 38.
        archive = self._programs.archive_flags(self.name)
        return self._java(HEAP_MIB, *archive, "-XX:TieredStopAtLevel=1", "kafka.Kafka", str(self._config))

    def prepare(self) -> None:
        write_atomically(self._config, properties(self._settings()))
        write_atomically(self._logging, properties(logging_settings(self._denied)))
        if not self._formatted.exists():
            self._format()

    def ready(self) -> bool:
        """Log in as the administrator and ask for the brokers."""
        if self._client is None:
            self._client = AdminClient(
                {**self.endpoint.client_settings(), "reconnect.backoff.max.ms": 200}, logger=_silent()
            )
        try:
            ready = bool(self._client.list_topics(timeout=LOGIN_TIMEOUT_S).brokers)
        except KafkaException:
            return False
        self._client = None  # its threads end with it
        return ready

    def _settings(self) -> dict[str, str]:
        return server_settings(self._ports, self._certificates, self._folder / "data")

    def _java(self, heap_mib: int, *arguments: str) -> Command:
        class_path = ":".join(str(jar) for jar in self._programs.kafka)
        logging_flag = f"-Dlog4j2.configurationFile={self._logging}"
        argv = java(self._programs.java, self._layout, heap_mib, logging_flag, "-cp", class_path, *arguments)
        return Command(argv, plain_environment(), self._folder)

    def _format(self) -> None:
        """Write the storage's first records: cluster id and administrator.

        StorageTool reads its arguments from a file of mode 0600, since a command line is public. Nothing was
        stored under an unfinished format, so that one is thrown away.
        """
        shutil.rmtree(self._folder / "data", ignore_errors=True)
        password = secrets.token_hex(32)
        write_atomically(self.endpoint.admin_password_file, password)
        arguments = self._folder / "format.arguments"
        write_atomically(arguments, "\n".join(format_arguments(self._config, cluster_id(), password)))
        try:
            self._run_format(arguments)
        finally:
            arguments.unlink()
        write_atomically(self._formatted, "")

    def _run_format(self, arguments: Path) -> None:
        quick = "-XX:TieredStopAtLevel=1"  # it runs for a second, too short for the optimising compiler
        archive = self._programs.archive_flags(self.name, tool=True)
        tool = self._java(FORMAT_HEAP_MIB, *archive, quick, "kafka.tools.StorageTool", f"@{arguments}")
        log = self._folder / "format.log"  # it says all that it writes, what is kept of the password among it
        child = self._spawner.spawn(tool.argv, tool.env, log, tool.cwd)
        try:
            code = child.wait(FORMAT_LIMIT_S)
        except subprocess.TimeoutExpired:
            raise StackError(f"Kafka's storage took over {FORMAT_LIMIT_S} s to format; see {log}.") from None
        finally:
            child.kill()
            child.wait()
        if code != 0:
            raise StackError(f"Kafka's storage could not be formatted (exit code {code}); see {log}.")
        log.unlink(missing_ok=True)


def server_settings(ports: Ports, certificates: Certificates, data: Path) -> dict[str, str]:
    """Settings of the broker, with three listeners, none open to strangers.

    CLIENT for everybody (SCRAM over TLS), INTERNAL for the broker's own transaction markers and CONTROLLER, both
    by client certificate, so that no password of ours is in this file. Deny by default (KIP-801).
    """
    listeners = {
        "CLIENT": ports.kafka,
        "INTERNAL": ports.kafka_internal,
        "CONTROLLER": ports.kafka_controller,
    }
    addresses = {name: f"{name}://127.0.0.1:{port}" for name, port in listeners.items()}
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{ports.kafka_controller}",
        "listeners": ",".join(addresses.values()),
        "advertised.listeners": f"{addresses['CLIENT']},{addresses['INTERNAL']}",
        "listener.security.protocol.map": "CLIENT:SASL_SSL,INTERNAL:SSL,CONTROLLER:SSL",
        "inter.broker.listener.name": "INTERNAL",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(data),
        **security(certificates.bundle(BROKER), certificates.ca, ("client",)),
        **rules(Environment.LOCAL),
    }


def rules(environment: Environment) -> dict[str, str]:
    """What holds of every broker, wherever it listens: the rules, how many copies there are, how large it is."""
    return _RULES | _copies(environment) | _SMALL


def security(bundle: Path, ca: Path, clients: Sequence[str]) -> dict[str, str]:
    """Who gets in: at the listeners `clients` (lower case) by SCRAM, at INTERNAL and CONTROLLER by certificate.

    `bundle`: the broker's own (`Certificates.bundle`), under the common name BROKER.
    """
    return {
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        **{key: value for listener in clients for key, value in _scram(listener).items()},
        "listener.name.internal.ssl.client.auth": "required",
        "listener.name.controller.ssl.client.auth": "required",
        "ssl.enabled.protocols": "TLSv1.3",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(bundle),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(ca),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": f"User:{ADMIN};User:CN={BROKER}",
    }


def _scram(listener: str) -> dict[str, str]:
    prefix = f"listener.name.{listener}.scram-sha-512"
    return {
        f"{prefix}.sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
        f"{prefix}.connections.max.reauth.ms": str(REAUTHENTICATE_MS),
    }


def _copies(environment: Environment) -> dict[str, str]:
    """Of Kafka's own topics as many as of ours (`topology.topics`)."""
    copies, in_sync = str(environment.replication), str(environment.in_sync)
    return {
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": in_sync,
    }


# The rules of production.
_RULES = {
    "auto.create.topics.enable": "false",
    "log.message.timestamp.type": "LogAppendTime",
    "message.max.bytes": str(MAX_MESSAGE),
    "replica.fetch.max.bytes": str(MAX_MESSAGE),
    # A killed transaction holds every reader up for its timeout plus this; the default is 10 s.
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
    # Positions of a group that nobody is in are forgotten after seven days by default. No topic is kept for longer
    # than a year: whoever was away for longer has nothing left to read twice.
    "offsets.retention.minutes": str(366 * 24 * 60),
    "group.initial.rebalance.delay.ms": "0",  # 3 s by default, for fleets that start together
}

# Sized for one machine of two cores.
_SMALL = {
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
    "num.recovery.threads.per.data.dir": "2",
    "offsets.topic.num.partitions": "8",  # 50 by default: most of the first consumer's wait
    "transaction.state.log.num.partitions": "8",
    "share.coordinator.state.topic.num.partitions": "1",
    # The cleaner's map (24 bytes a key) must hold a whole segment: 32 MiB hold 1.2 million keys, a segment of
    # 64 MiB has fewer. By default 128 MiB of heap are taken for it.
    "log.cleaner.threads": "1",
    "log.cleaner.dedupe.buffer.size": str(32 * MIB),
    "log.segment.bytes": str(64 * MIB),
    # The controller writes a no-op record this often, 500 ms by default: half of the broker's idle CPU.
    "metadata.max.idle.interval.ms": "5000",
    # After a kill the controller takes the dead broker for alive until its session ends, and refuses the new one:
    # 9 s by default, and the broker's retries by then are 13 s apart; one of them comes after 6 s. Much shorter,
    # and a machine that stands still for some seconds loses its only broker. A heartbeat each second costs 3 % of
    # a core (so seldom, most of what it runs is never compiled); every other second, it may stand for one less.
    "broker.session.timeout.ms": "5000",
    "broker.heartbeat.interval.ms": "1000",
}


def logging_settings(denied: Path) -> dict[str, str]:
    """log4j 2: warnings and errors to the console, which is the part's log; refused requests to a file of their
    own.

    Names that clients have made up stand in these, so line breaks are escaped. Who is refused again and again
    fills five files of 16 MiB and no more; 1 is the newest of the older ones.
    """
    return {
        "appender.out.type": "Console",
        "appender.out.name": "OUT",
        "appender.out.layout.type": "PatternLayout",
        "appender.out.layout.pattern": "%d{ISO8601} %p %c: %m%n",
        "appender.denied.type": "RollingFile",
        "appender.denied.name": "DENIED",
        "appender.denied.fileName": str(denied),
        "appender.denied.filePattern": f"{denied}.%i",
        "appender.denied.filePermissions": "rw-------",
        "appender.denied.layout.type": "PatternLayout",
        "appender.denied.layout.pattern": "%d{UNIX_MILLIS} %enc{%m}{CRLF}%n",
        "appender.denied.policies.type": "Policies",
        "appender.denied.policies.size.type": "SizeBasedTriggeringPolicy",
        "appender.denied.policies.size.size": "16MB",
        "appender.denied.strategy.type": "DefaultRolloverStrategy",
        "appender.denied.strategy.fileIndex": "min",
        "appender.denied.strategy.max": "4",
        "rootLogger.level": "WARN",
        "rootLogger.appenderRef.out.ref": "OUT",
        "logger.denied.name": "kafka.authorizer.logger",
        "logger.denied.level": "INFO",
        "logger.denied.additivity": "false",
        "logger.denied.appenderRef.denied.ref": "DENIED",
    }


def format_arguments(config: Path, cluster_id: str, password: str) -> list[str]:
    scram = f"SCRAM-SHA-512=[name={ADMIN},password={password}]"
    return ["format", "--config", str(config), "--cluster-id", cluster_id, "--add-scram", scram]


def properties(settings: Mapping[str, str]) -> str:
    """As Java reads it: in ISO 8859-1, with all else as JSON would escape it. A path that it took for another one
    would be made, and Kafka's data lie outside of the root.
    """
    return "".join(f"{key}={json.dumps(value)[1:-1]}\n" for key, value in settings.items())


def cluster_id() -> str:
    """A random UUID in Kafka's form: 22 characters of base64; those that look like an option are passed over."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text


def _silent() -> logging.Logger:
    """Until it is up, every attempt to connect would be reported."""
    logger = logging.getLogger("veil.local.kafka.readiness")
    logger.disabled = True
    return logger
