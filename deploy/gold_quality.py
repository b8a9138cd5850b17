"""What gold has shown in a project, read as compliance, beside what its policies allow."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.compliance import audit_topic, compliance
from streams.audit.quality import Counts, Quality, quality
from streams.audit.reader import Reader, read_events
from topology.control import ControlBook
from topology.policies import load_policy_bytes
from topology.policies.model import Gold


@dataclass(frozen=True, slots=True)
class PolicyQuality:
    """One policy's counts since the last lift, and in all; its name (`demo@3`, or a hash that nobody signed)."""

    name: str
    hash: str
    counts: Counts
    total: Counts
    gold: Gold

    @property
    def limit(self) -> float | None:
        return self.gold.leak_limit

    @property
    def early(self) -> bool:
        """Whether the limit doesn't count yet."""
        return self.limit is not None and self.counts.values < self.gold.least

    def as_json(self) -> dict[str, object]:
        """Plain values. `leak_bound` is null where nothing was counted."""
        return {
            "policy": self.name,
            "hash": self.hash,
            **asdict(self.counts),
            "leak_bound": self.counts.bound if self.counts.values else None,
            "leak_limit": self.limit,
            "least": self.gold.least,
            "total": asdict(self.total),
        }


def read(root: Path, project: str) -> tuple[Quality, list[PolicyQuality]]:
    """What the whole audit says, and each policy of which some gold was scored, in the order of their names."""
    with compliance(root) as seen:
        seen.topology.project(project)
        found = quality(read_events(seen.log, Reader(seen.codec), [audit_topic(project)]))
        book = seen.book()
    return found, sorted((_policy(book, project, found, one) for one in found.total), key=lambda it: it.name)


def _policy(book: ControlBook, project: str, found: Quality, policy_hash: str) -> PolicyQuality:
    record = book.policy(project, policy_hash)
    policy = load_policy_bytes(record.body) if record else None
    return PolicyQuality(
        policy.id if policy else policy_hash,
        policy_hash,
        found.counts[policy_hash],
        found.total[policy_hash],
        policy.gold if policy else Gold(),
    )
