"""From a redacted record to what leaves: the task, and what its segment keeps for each reader."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from schemas.errors import Reason, Refused
from schemas.geometry import FieldGeometry, Span
from schemas.geometry_codec import Geometry, encode_geometry
from schemas.hidden import Hidden, SecretBytes
from schemas.records import FieldDigest, FieldShape, PlaceholderSpan, RawReference, SegmentEntry, Task
from schemas.routing import Routing
from streams.redact.outcome import Redacted
from topology.policies import Policy
from vault.keyed_hash import KeyedHash
from vault.keys import fresh_key, seal, task_binding
from vault.segments.sealing import TaskContents

MAX_CONTENT_BYTES = 3 * 512 * 1024
"""A task must fit on its topic (2 MiB) and into label's state. JSON doubles a line break and makes six bytes of
other control characters, so that a payload of 1 MiB can be 6 MiB of content.
"""
MAX_SUBJECTS = 64
"""500 tasks with so many keyed hashes are 1 MiB of segment index, half of what its topic takes."""


@dataclass(frozen=True, slots=True, repr=False)
class Hashes(Hidden):
    """The keyed hashes redact may compute (DESIGN §5)."""

    task: KeyedHash
    subject: KeyedHash
    digest: KeyedHash
    token: KeyedHash


@dataclass(frozen=True, slots=True, repr=False)
class Release(Hidden):
    """Everything that one record's release needs; the segment it falls into is not known yet."""

    raw: RawReference
    task_id: str
    key: SecretBytes
    redacted: Redacted
    content: bytes
    contents: TaskContents
    entry: SegmentEntry
    routing: Routing


class Releaser:
    """Prepares releases for one project. Pure but for fresh task keys."""

    def __init__(self, project: str, hashes: Hashes, nonces: Callable[[int], bytes] = os.urandom) -> None:
        self._project = project
        self._hashes = hashes
        self._nonces = nonces

    def prepare(self, raw: RawReference, redacted: Redacted, routing: Routing) -> Release:
        """Task id, task key, and the entries of the three layers.

        Raises Refused: `too_large` where the content fits no task, `mapping_too_large` for more than 64 subjects.
        """
        content = json.dumps(dict(redacted.record.fields), ensure_ascii=False, separators=(",", ":")).encode()
        if len(content) > MAX_CONTENT_BYTES:
            raise Refused(Reason.TOO_LARGE, f"content of {len(content)} bytes; at most {MAX_CONTENT_BYTES} fit")
        people = sorted(set(redacted.subjects.by_name.values()))
        if len(people) > MAX_SUBJECTS:
            raise Refused(Reason.MAPPING_TOO_LARGE, f"{len(people)} subjects; at most {MAX_SUBJECTS} are kept")
        task_id = self.task_id(raw)
        key = fresh_key(self._nonces)
        digests = tuple(self._digest(field, redacted) for field in redacted.geometry)
        geometry = encode_geometry(Geometry(raw, redacted.geometry, digests))
        values = json.dumps(dict(redacted.values.by_name), ensure_ascii=False, sort_keys=True).encode()
        hints = (
            json.dumps(dict(redacted.hints.by_name), sort_keys=True).encode() if redacted.hints.by_name else b""
        )
        subjects = tuple(self._hashes.subject.digest(person.encode()) for person in people)
        contents = TaskContents(task_id, key, geometry, values, hints)
        entry = SegmentEntry(task_id, subjects)
        return Release(raw, task_id, key, redacted, content, contents, entry, routing)

    def task(self, release: Release, segment_id: str, policy: Policy, bundle: str) -> Task:
        """The record of `tasks.P`: content sealed under the key that only the view layer holds."""
        binding = task_binding(self._project, release.task_id, release.raw.revision)
        return Task(
            task_id=release.task_id,
            revision=release.raw.revision,
            bundle=bundle,
            policy=policy.hash,
            segment_id=segment_id,
            overlap=policy.overlap,
            extra=policy.extra,
            fields=tuple(_shape(field) for field in release.redacted.geometry),
            sealed=seal(release.key, release.content, binding, self._nonces).data,
            priority=release.routing.priority,
            batch=release.routing.batch,
            skills=release.routing.skills,
            supersedes=self.earlier(release.raw),
        )

    def earlier(self, raw: RawReference) -> str:
        """What the revision before was called, had it become a task; empty for a first one."""
        return self.task_id(replace(raw, revision=raw.revision - 1)) if raw.revision > 1 else ""

    def task_id(self, raw: RawReference) -> str:
        """Keyed, so that a task id says nothing of its raw offset; the same on every replay."""
        place = f"{raw.partition}/{raw.offset}/{raw.revision}"
        return self._hashes.task.hex(raw.topic.encode(), place.encode())[:32]

    def _digest(self, field: FieldGeometry, redacted: Redacted) -> FieldDigest:
        text = redacted.sources.by_name[field.field]
        return FieldDigest(field.field, field.raw_length, self._hashes.digest.digest(text.encode()))


def _shape(field: FieldGeometry) -> FieldShape:
    return FieldShape(field.field, field.redacted_length, tuple(_placeholder(s) for s in field.spans if _seen(s)))


def _seen(span: Span) -> bool:
    """Dropped text leaves nothing to see."""
    return span.redacted_end > span.redacted_start


def _placeholder(span: Span) -> PlaceholderSpan:
    return PlaceholderSpan(span.redacted_start, span.redacted_end, span.entity_type)
