"""How long Kafka keeps what a project's transit keys have wrapped in records, which nobody can wrap anew. Pure.

A producer's data key travels with its raw record wherever that goes, sealed as it is: to `again.P` when it is
redacted once more, into `quarantine.P` when it can't go on, and from there, released, to `again.P`. So it lasts
for the sum of these. Who releases the same record a second time begins anew (`comes_back_until`).
"""

from __future__ import annotations

from topology.flow import Flow
from topology.project import Project

CHECK_MS = 300_000
"""How often a broker looks for what is over (`log.retention.check.interval.ms`)."""
ROLLED = 4
"""Whole closed segments end, and one is open for a quarter of the retention (`topology.topics`)."""
WAYS: dict[str, tuple[str, ...]] = {
    "raw": ("raw", "again", "quarantine", "again"),
    "quarantine": ("quarantine", "again"),
    "finds": ("finds",),
    "comments": ("comments",),
}
"""Of each kind of key that wraps in records: the topics that a record may lie on, one after the other."""


def lasts_ms(project: Project, topics: tuple[str, ...]) -> int:
    """The longest that a record lies on these topics, one after the other."""
    kept = [project.retention_ms[topic] for topic in topics]
    return sum(one + one // ROLLED + CHECK_MS for one in kept)


def life_ms(flow: Flow, project: Project, kind: str) -> int | None:
    """The longest that what a key of this kind has wrapped lies in Kafka; None where it wraps for documents."""
    if kind not in flow.keys or kind not in WAYS:
        return None
    return lasts_ms(project, WAYS[kind])


def comes_back_until(project: Project, copied_at: int) -> int:
    """Until when a record that was released, and copied then, may be there: it may be quarantined once more."""
    return copied_at + lasts_ms(project, ("again", "quarantine"))
