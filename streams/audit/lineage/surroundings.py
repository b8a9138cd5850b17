"""What stands around a drawn lineage: who signed its policies, what its bundles are made of, who was told of it,
which of its segments are gone. Read after the rest, when it is known which these are.
"""

from __future__ import annotations

from schemas.audit import AuditEvent, EventType
from schemas.control import ControlKind
from schemas.resources import Kind, control_resource, policy_resource
from streams.audit.lineage.graph import Relation, Sketch

_TELLING = {EventType.WEBHOOK_DELIVERED: "delivered", EventType.WEBHOOK_FAILED: "failed"}


class Around:
    """Takes every event of a project; adds to the sketch what belongs to what is in it."""

    def __init__(self, sketch: Sketch, project: str) -> None:
        self._sketch = sketch
        self._project = project
        tasks = [sketch[it] for it in sketch.ids(Kind.TASK)]
        self._segments = {it.facts["segment"]: it.id for it in tasks if "segment" in it.facts}

    def add(self, event: AuditEvent) -> None:
        """Take one event."""
        if event.type is EventType.POLICY_PUBLISHED and event.resource in self._sketch:
            self._signed(event)
        elif event.type is EventType.CONTROL_APPLIED:
            self._taken_up(event)
        elif event.type is EventType.BUNDLE_ADOPTED:
            self._adopted(event)
        elif event.type is EventType.SEGMENT_DESTROYED and event.resource in self._segments:
            self._sketch.born(event.resource, event, state="destroyed", reason=event.reason)
            self._sketch.link(self._segments[event.resource], Relation.REMOVED, event.resource)
        elif event.type in _TELLING:
            self._told(event)

    def _signed(self, event: AuditEvent) -> None:
        """A person's signature on a policy."""
        key = next((it for it in event.parents if it.startswith(f"{Kind.CONTROL}/")), "")
        signature = self._sketch.born(key or f"signature/{event.event_id}", event)
        self._sketch.note(event.resource, policy=event.details.get("policy", ""))
        self._sketch.link(signature, Relation.SIGNED, event.resource)

    def _taken_up(self, event: AuditEvent) -> None:
        """Since when redact works by a policy: its first acknowledgement after the last signature it took."""
        concern = control_resource(f"{ControlKind.POLICY}/{self._project}/")
        policy = policy_resource(event.resource.removeprefix(concern))
        if not event.resource.startswith(concern) or policy not in self._sketch:
            return
        if event.process == f"redact.{self._project}":
            self._sketch.born(policy, event)

    def _adopted(self, event: AuditEvent) -> None:
        bundle = f"bundle/{event.bundle}"
        if bundle in self._sketch:
            parts = ("release", "code", "detector", "data")
            self._sketch.born(bundle, event, **{name: event.details.get(name, "") for name in parts})
            self._sketch.note(event.resource, policy=event.details.get("policy", ""))
            self._sketch.link(event.resource, Relation.RULES, bundle)

    def _told(self, event: AuditEvent) -> None:
        for resource in event.parents:
            if resource in self._sketch:
                self._sketch.born(event.resource, event)
                self._sketch.count(event.resource, _TELLING[event.type])
                self._sketch.link(resource, Relation.TOLD, event.resource)
