"""A redaction policy's lineage: who signed it, since when it is used, by which bundles, and what came of them.

Tasks are counted, not named: a policy has millions. Memory: a few numbers a bundle of the project.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping

from schemas.audit import AuditEvent, EventType
from schemas.resources import policy_resource
from streams.audit.lineage.graph import Relation, Sketch
from streams.audit.lineage.surroundings import Around

_COUNTED: Mapping[EventType, str] = {
    EventType.TASK_VIEWED: "views",
    EventType.LABEL_SUBMITTED: "labels",
    EventType.TASK_REPORTED: "reports",
    EventType.VERDICT_REACHED: "verdicts",
    EventType.LABEL_JOINED: "joined",
    EventType.GOLD_SCORED: "scored",
}


class PolicyFacts:
    """Takes every event of a project; draws the policies of these hashes."""

    def __init__(self, sketch: Sketch, project: str, hashes: Collection[str]) -> None:
        self._sketch = sketch
        self._policies = [sketch.note(policy_resource(it)) for it in hashes]
        self._around = Around(sketch, project)
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._bundles: dict[str, str] = {}
        """Policies by the bundles they are part of."""
        self._minimums: list[AuditEvent] = []

    def add(self, event: AuditEvent) -> None:
        """Take one event."""
        if event.type is EventType.BUNDLE_ADOPTED and event.resource in self._policies:
            self._sketch.note(f"bundle/{event.bundle}")
        self._around.add(event)
        if event.type is EventType.BUNDLE_ADOPTED:
            self._bundles[event.bundle] = event.resource
        elif event.type is EventType.FREEZE_ORDERED:
            self._stopped(event)
        elif event.type is EventType.MINIMUM_ORDERED:
            self._minimums.append(event)
        if event.batch is not None:
            self._redacted(event)
        elif event.bundle and event.type in _COUNTED:
            self._counts[event.bundle][_COUNTED[event.type]] += 1

    def end(self) -> None:
        """No more events follow."""
        for bundle, policy in self._bundles.items():
            if policy in self._policies:
                self._sketch.link(policy, Relation.RULES, f"bundle/{bundle}")
                numbers = {name: str(count) for name, count in sorted(self._counts[bundle].items())}
                self._sketch.note(f"bundle/{bundle}", **numbers)
        for event in self._minimums:
            self._ruled_out(event)

    def _redacted(self, event: AuditEvent) -> None:
        if event.batch is None or not event.details.get("policy"):
            return
        self._bundles[event.bundle] = policy_resource(event.details["policy"])
        counts = self._counts[event.bundle]
        counts["batches"] += 1
        counts.update(f"{it.outcome}" for it in event.batch.outcomes)

    def _stopped(self, event: AuditEvent) -> None:
        """Keeper froze the project on the evidence of this policy's gold."""
        policy = policy_resource(event.details.get("hash", ""))
        if policy in self._policies and self._sketch.room(event.resource):
            facts = {
                name: event.details.get(name, "") for name in ("values", "leaked", "bound", "limit", "stages")
            }
            self._sketch.born(event.resource, event, reason=event.reason, **facts)
            self._sketch.link(policy, Relation.STOPPED, event.resource)

    def _ruled_out(self, event: AuditEvent) -> None:
        minimum = event.details.get("minimum", "")
        for policy in self._policies:
            version = self._sketch[policy].facts.get("policy", "").rpartition("@")[2]
            if minimum.isdecimal() and version.isdecimal() and int(version) < int(minimum):
                self._sketch.born(event.resource, event, minimum=minimum)
                self._sketch.link(policy, Relation.RULED_OUT, event.resource)
