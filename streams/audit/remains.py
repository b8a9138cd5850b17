"""What outlives an erasure: where something that names the person, or came of it, still lies, and until when.
Pure.

Nobody looks for it: Kafka deletes and compacts by time alone, so each place is told with the time by which
whatever lay there when the subject was erased is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from topology.flow import Cleanup, Scope
from topology.loading import Topology
from topology.topics import compacted_ms, kept_ms, topics

_WHAT: Mapping[str, str] = {
    "raw": "records as they were published, sealed; redact alone opens them, and drops what names the subject",
    "again": "copies of such records on their way back to redact, sealed the same",
    "quarantine": "records that could not go on, sealed; redact opens one on a release, and drops it then",
    "tasks": "redacted texts, sealed under keys that are destroyed: they open no more",
    "geometry": "where placeholders stood, sealed; what opens it is destroyed. Empty where Vault keeps it all",
    "values": "what placeholders stood for, the same",
    "finds": "what was reported, masked, sealed for authors",
    "comments": "what people have typed about tasks, sealed; redact alone opens it",
    "notes": "what redact left of that, sealed under keys that are destroyed: it opens no more",
    "labels": "answers: offsets and choices, no text",
    "verdicts": "answers, as decided: offsets and choices, no text",
    "work": "task ids",
    "scores": "how gold was answered: numbers, no text",
    "joined": "where labels lie in the raw record: offsets, no text; taken back by a tombstone",
    "open": "redacted texts in clear, of projects that publish them; taken back by a tombstone",
    "opener-state": "ids of these; what was about to be opened, sealed; taken back by a tombstone",
    "label-state": "redacted texts, sealed under keys that are destroyed; taken back by a tombstone",
    "decide-state": "answers; replaced by a receipt without them",
    "segments": "task ids with the keyed hashes of subjects; replaced by a shorter index, or a tombstone",
    "keeper-state": "the same, and how this erasure went",
    "audit": "who did what with which task: ids and places, no text",
}
_FOR_EVER = {
    "control": "the keyed hash of the subject, by which whatever names them later is dropped",
    "Vault's storage": "destroyed versions, in pages not overwritten yet, encrypted by Vault's own key",
    "backups and snapshots": "what lay here when they were made, until you delete them; what is restored is"
    " suppressed anew once the orders of this report are on its `control`",
    "what others took out": "exports, receivers of webhooks, readers of texts in clear, copies of joined labels:"
    " not within reach",
}


@dataclass(frozen=True, slots=True)
class Remains:
    """`until`: milliseconds, by when it is gone; 0: not by itself."""

    place: str
    what: str
    until: int


def remains(topology: Topology, project: str, erased: int) -> tuple[Remains, ...]:
    """Of a subject that was erased at that time (milliseconds); what ends first comes first."""
    specs = {spec.name: spec for spec in topics(topology)}
    kinds = [kind for kind in topology.flow.topics.values() if kind.scope is Scope.PROJECT and kind.name in _WHAT]
    found = []
    for kind in kinds:
        spec = specs[kind.topic(project)]
        lag = compacted_ms(spec) if kind.cleanup is Cleanup.COMPACT else kept_ms(spec)
        found.append(Remains(spec.name, _WHAT[kind.name], erased + lag))
    found.sort(key=lambda one: (one.until, one.place))
    return (*found, *(Remains(place, what, 0) for place, what in _FOR_EVER.items()))
