"""Writes `artifacts.lock` anew: `python -m deploy.local.relock`, after changing a version below.

Resolves what Kafka needs, downloads everything, and pins what arrived; run the stack's tests before committing it.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import jgo

from deploy.local.downloads import LOCK_FILE, Artifact, fetch_from_central, sha256_of

# Not the newest: deploy/decisions/0001-kafka-4-2.md.
KAFKA = "org.apache.kafka:kafka_2.13:4.2.2"
# Kafka logs through slf4j 1.7 and brings log4j 2 without the bridge between them.
BRIDGE = Artifact("", "org.apache.logging.log4j", "log4j-slf4j-impl", "2.25.5")
REGISTRY = Artifact("", "io.apicurio", "apicurio-registry-app", "2.6.13.Final", "all", "tar.gz")
HEADER = (
    "# SHA-256 and coordinates of every Java file of the local stack; written by `python -m deploy.local.relock`."
)


def lock_line(artifact: Artifact) -> str:
    """The inverse of Artifact.parse."""
    special = f":{artifact.classifier}:{artifact.packaging}" if artifact.classifier else ""
    return f"{artifact.sha256}  {artifact.group}:{artifact.name}:{artifact.version}{special}"


def pinned(artifact: Artifact) -> Artifact:
    with tempfile.TemporaryDirectory() as folder:
        return replace(artifact, sha256=sha256_of(fetch_from_central(artifact, Path(folder))))


def main() -> None:
    resolved = [Artifact("", found.groupId, found.artifactId, found.version) for found in jgo.resolve(KAFKA)]
    lines = [lock_line(pinned(artifact)) for artifact in [*resolved, REGISTRY, BRIDGE]]
    LOCK_FILE.write_text("\n".join([HEADER, *lines]) + "\n")


if __name__ == "__main__":
    main()
