"""What is in quarantine, and what became of releases, from the audit alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from schemas.audit import AuditEvent, EventType, RawOutcome
from schemas.errors import Unparseable
from schemas.quarantine_release import release_target
from schemas.records import RawReference
from schemas.resources import raw_reference
from topology.writers import is_by_its_writer

POLICY = "policy"
"""Detail of `batch.redacted`: the hash of the policy it was redacted by."""


@dataclass(frozen=True, slots=True)
class Held:
    """A record whose last revision is in quarantine: why, by which policy (its hash), since when (milliseconds).

    `ended`: what became of a release of it: empty, `copied`, `gone` or `overtaken`.
    """

    raw: RawReference
    reason: str
    policy: str
    since: int
    ended: str = ""

    @property
    def target(self) -> str:
        """As the order of a release names it."""
        return release_target(self.raw.partition, self.raw.offset, self.raw.revision)


@dataclass(slots=True)
class _Seen:
    quarantined: dict[RawReference, tuple[str, str, int]] = field(default_factory=dict)
    last: dict[tuple[str, int, int], int] = field(default_factory=dict)
    """The highest revision of records that have more than one."""
    ended: dict[RawReference, str] = field(default_factory=dict)


def held(events: Iterable[AuditEvent]) -> tuple[Held, ...]:
    """The oldest first; events in any order."""
    seen = _Seen()
    for event in events:
        if is_by_its_writer(event):
            _take(seen, event)
    found = [
        Held(raw, reason, policy, since, seen.ended.get(raw, ""))
        for raw, (reason, policy, since) in seen.quarantined.items()
        if seen.last.get((raw.topic, raw.partition, raw.offset), 1) == raw.revision
    ]
    return tuple(sorted(found, key=lambda one: (one.since, one.raw.partition, one.raw.offset)))


def _take(seen: _Seen, event: AuditEvent) -> None:
    if event.type in {EventType.RELEASE_COPIED, EventType.RELEASE_MISSED}:
        try:
            seen.ended[raw_reference(event.resource)] = event.reason or "copied"
        except Unparseable:
            return
    batch = event.batch
    if batch is None or event.type is not EventType.BATCH_REDACTED:
        return
    for one in batch.outcomes:
        if one.revision > 1:
            place = (batch.topic, batch.partition, one.offset)
            seen.last[place] = max(one.revision, seen.last.get(place, 1))
        if one.outcome is RawOutcome.QUARANTINED:
            raw = RawReference(batch.topic, batch.partition, one.offset, one.revision)
            seen.quarantined[raw] = (one.reason, event.details.get(POLICY, ""), event.time)
