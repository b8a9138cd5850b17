"""The topics to create, with the settings of DESIGN §1 for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from topology.flow import Cleanup, Scope, TopicKind
from topology.loading import Topology

MAX_MESSAGE_BYTES = 2 * 1024 * 1024
"""A payload of at most 1 MiB, sealed and wrapped in its record."""
SEGMENTS_A_RETENTION = 4
"""Kafka deletes whole closed segments: a quarter of the retention bounds what outlives it."""
MAX_SEGMENT_MS = 7 * 24 * 3_600_000
"""Kafka's own default."""
COMPACTED_SEGMENT_MS = 3_600_000
"""Only closed segments are compacted; an hour keeps what a restart has to read small."""
COMPACTED_WITHIN_MS = 24 * 3_600_000
"""As `max.compaction.lag.ms`: what a tombstone or a later record has replaced leaves the disk a day after that,
and the next run of the cleaner. Without it Kafka waits until half of a log is replaced, which may be never."""
TOMBSTONES_MS = 32 * 24 * 3_600_000
"""As `delete.retention.ms`, where others keep what they read (`TopicKind.taken_back`): for so long who was away
hears of what was taken back; by Kafka's own default a day, less than a weekend. Tombstones hold ids only."""
CLEANER_MS = 3_600_000
"""How long the broker may take to come around to a log, once it must delete or compact: an hour."""
NEVER_MS = 2**63 - 1
"""As `min.compaction.lag.ms`: no record is ever old enough to be compacted away."""


class Environment(Enum):
    """Where topics live: replication factor, `min.insync.replicas`, and who says of which time a record is."""

    LOCAL = (1, 1, "LogAppendTime")
    PRODUCTION = (3, 2, "LogAppendTime")
    RESTORING = (1, 1, "CreateTime")
    """What a backup is written into: records keep the time that Kafka gave them once, and none ends meanwhile."""

    @property
    def replication(self) -> int:
        """Copies of each partition."""
        return int(self.value[0])

    @property
    def in_sync(self) -> int:
        """How many of them must have a record before it is acknowledged."""
        return int(self.value[1])

    @property
    def stamped(self) -> str:
        """As `message.timestamp.type`: when a record came the broker says, but of one that came long ago."""
        return str(self.value[2])


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """One topic as it should be."""

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]


def kept_ms(spec: TopicSpec) -> int:
    """For how long at most a record lies on a topic that deletes: Kafka deletes whole segments, so a record goes
    with the last of its own, once the broker comes around to it.
    """
    return int(spec.config["retention.ms"]) + int(spec.config["segment.ms"]) + CLEANER_MS


def compacted_ms(spec: TopicSpec) -> int:
    """For how long at most what was replaced, or taken back by a tombstone, lies on a compacted topic to which
    records keep coming: compaction takes whole segments that are closed, and the next record closes one. Of
    `open.P` opener sees to that.
    """
    return int(spec.config["max.compaction.lag.ms"]) + int(spec.config["segment.ms"]) + CLEANER_MS


def topics(topology: Topology, environment: Environment = Environment.LOCAL) -> list[TopicSpec]:
    """Every topic of the platform and of each project, by name."""
    specs = []
    for kind in topology.flow.topics.values():
        if kind.scope is Scope.PLATFORM:
            specs.append(_spec(kind, kind.name, 1, kind.retention_ms, environment))
            continue
        for project in topology.projects.values():
            retention = project.retention_ms.get(kind.name, kind.retention_ms)
            specs.append(_spec(kind, kind.topic(project.name), project.partitions, retention, environment))
    return sorted(specs, key=lambda spec: spec.name)


def _spec(
    kind: TopicKind, name: str, partitions: int, retention: int | None, environment: Environment
) -> TopicSpec:
    config = {
        "cleanup.policy": kind.cleanup.value,
        "message.timestamp.type": environment.stamped,
        "max.message.bytes": str(MAX_MESSAGE_BYTES),
        "min.insync.replicas": str(environment.in_sync),
        "segment.ms": str(_segment_ms(kind, retention)),
    }
    if retention is not None:
        config["retention.ms"] = "-1" if environment is Environment.RESTORING else str(retention)
    if kind.by_place:
        config["retention.bytes"] = "-1"  # whatever the broker's default: age alone ends what a document names
    if kind.keeps_all:
        config["min.compaction.lag.ms"] = str(NEVER_MS)
    elif kind.cleanup is Cleanup.COMPACT:
        config["max.compaction.lag.ms"] = str(kind.compacted_within_ms or COMPACTED_WITHIN_MS)
    if kind.taken_back:
        config["delete.retention.ms"] = str(TOMBSTONES_MS)
    return TopicSpec(name, partitions, environment.replication, config)


def _segment_ms(kind: TopicKind, retention: int | None) -> int:
    if kind.keeps_all:
        return MAX_SEGMENT_MS
    if kind.cleanup is Cleanup.COMPACT or retention is None:
        return COMPACTED_SEGMENT_MS
    return min(MAX_SEGMENT_MS, retention // SEGMENTS_A_RETENTION)
