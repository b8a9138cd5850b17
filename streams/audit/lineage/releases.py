"""Releases from quarantine: who has signed that a record is redacted once more, and what became of that."""

from __future__ import annotations

from dataclasses import replace

from schemas.audit import AuditEvent, EventType
from schemas.errors import Unparseable
from schemas.records import RawReference
from schemas.resources import raw_reference, raw_resource
from streams.audit.lineage.graph import Relation, Sketch
from streams.audit.lineage.mentions import draw_event

_SAID = frozenset({EventType.RELEASE_ORDERED, EventType.RELEASE_COPIED, EventType.RELEASE_MISSED})


class ReleaseFacts:
    """Takes every event of a project; draws those about records that the sketch has by then. They are few: each
    release takes people.
    """

    def __init__(self, sketch: Sketch) -> None:
        self._sketch = sketch
        self._found: list[tuple[RawReference, AuditEvent]] = []

    def add(self, event: AuditEvent) -> None:
        """Take one event."""
        if event.type not in _SAID:
            return
        try:
            self._found.append((raw_reference(event.resource), event))
        except Unparseable:
            return

    def end(self) -> None:
        """No more events follow."""
        for raw, event in sorted(self._found, key=lambda pair: (pair[1].time, pair[1].event_id)):
            after = raw_resource(replace(raw, revision=raw.revision + 1))
            if raw_resource(raw) in self._sketch or after in self._sketch:
                node = self._sketch.note(raw_resource(raw))
                draw_event(self._sketch, node, event, Relation.RELEASED)
