"""Building segments: redact's side. What it seals here it cannot open again: it has *datakey* rights only.

Every task is an entry sealed on its own in three documents, one for each reader: its task key (view, for label),
its coordinates (geometry, for join), its original values (values, for nobody alone).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from schemas.errors import Reason, Refused
from schemas.hidden import Hidden, SealedBytes, SecretBytes
from vault.data_keys import DataKeys
from vault.interface import MAX_DOCUMENT_BYTES, DataKey
from vault.keys import OVERHEAD, Nonces, seal
from vault.segments.document import KeyReference, Layer, LayerDocument, entry_binding, pack, path_of
from vault.segments.halves import HOUR_MS, Halves, SlotHalves
from vault.segments.shares import combine, share

HEADER_BYTES = 2048
"""Kept free in each document for its names and wrapped keys (measured: 250–420 bytes)."""
ENTRY_BYTES = 16
"""Avro lengths around an entry's task id and ciphertext: at most 5 + 5, rounded up."""


@dataclass(frozen=True, slots=True, repr=False)
class TaskContents(Hidden):
    """What a segment keeps of one task. `geometry`, `values` and `hints` are opaque here; `values` are raw, and
    `hints`, what may be told of them one by one, lie with the task key.
    """

    task_id: str
    task_key: SecretBytes
    geometry: bytes
    values: bytes
    hints: bytes = b""

    @property
    def view(self) -> bytes:
        """The task's entry in the view layer: its key, which has one length, and its hints."""
        return self.task_key.data + self.hints

    def sizes(self) -> dict[Layer, int]:
        """How much the task adds to each document, in bytes."""
        fixed = len(self.task_id.encode()) + OVERHEAD + ENTRY_BYTES
        return {
            Layer.VIEW: fixed + len(self.view),
            Layer.GEOMETRY: fixed + len(self.geometry),
            Layer.VALUES: fixed + len(self.values),
        }


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment to be written: all its documents must exist before its index commits."""

    segment_id: str
    task_ids: tuple[str, ...]
    documents: tuple[tuple[str, bytes], ...]


@dataclass(slots=True)
class SealedBatch:
    """The segments of a batch, and the tasks too large for any."""

    segments: list[Segment] = field(default_factory=list)
    refused: dict[str, Refused] = field(default_factory=dict)

    def segment_of(self) -> dict[str, str]:
        """Segment id by task id."""
        return {task: segment.segment_id for segment in self.segments for task in segment.task_ids}


class SegmentSealer:
    """Seals batches of tasks into segments for one slot. Not thread-safe: a processor is one thread."""

    def __init__(
        self,
        data_keys: DataKeys,
        halves: SlotHalves,
        project: str,
        slot: str,
        *,
        nonces: Nonces = os.urandom,
        max_document_bytes: int = MAX_DOCUMENT_BYTES,
    ) -> None:
        self._data_keys = data_keys
        self._halves = halves
        self._project = project
        self._slot = slot
        self._nonces = nonces
        self._max_bytes = max_document_bytes

    def seal(self, contents: Sequence[TaskContents], next_id: Callable[[], str], now: int) -> SealedBatch:
        """As few segments as hold the tasks, each under a fresh `next_id()`; `now` in milliseconds.

        A task that alone exceeds a document is refused (`mapping_too_large`), the rest goes on. Raises as Vault
        does when a data key is due.
        """
        batch = SealedBatch()
        room = self._max_bytes - HEADER_BYTES
        fitting = []
        for task in contents:
            if max(task.sizes().values()) > room:
                message = f"mapping of task {task.task_id} exceeds a document of {self._max_bytes} bytes"
                batch.refused[task.task_id] = Refused(Reason.MAPPING_TOO_LARGE, message)
            else:
                fitting.append(task)
        for group in split(fitting, room):
            batch.segments.append(self._segment(group, next_id(), now))
        return batch

    def _segment(self, tasks: Sequence[TaskContents], segment_id: str, now: int) -> Segment:
        context = f"{self._slot}/{now // HOUR_MS}"
        view = self._data_keys.current(f"view-{self._project}", context, now, len(tasks))
        geometry = self._data_keys.current(f"geometry-{self._project}", context, now, len(tasks))
        halves = self._halves.current(now)
        place = _Place(self._project, segment_id, self._nonces)
        documents = (
            place.document(Layer.VIEW, (_reference(view),), place.under(view, Layer.VIEW, tasks)),
            place.document(Layer.GEOMETRY, (_reference(geometry),), place.under(geometry, Layer.GEOMETRY, tasks)),
            place.document(Layer.VALUES, halves.references, place.under_halves(halves, tasks)),
        )
        return Segment(segment_id, tuple(task.task_id for task in tasks), documents)


@dataclass(frozen=True, slots=True)
class _Place:
    """A segment being filled."""

    project: str
    segment_id: str
    nonces: Nonces

    def document(
        self, layer: Layer, keys: tuple[KeyReference, ...], entries: dict[str, SealedBytes]
    ) -> tuple[str, bytes]:
        content = LayerDocument(self.project, self.segment_id, layer, keys, entries)
        return path_of(layer, self.segment_id), pack(content)

    def under(self, key: DataKey, layer: Layer, tasks: Sequence[TaskContents]) -> dict[str, SealedBytes]:
        return {
            task.task_id: self._entry(
                key.secret, layer, task.task_id, task.view if layer is Layer.VIEW else task.geometry
            )
            for task in tasks
        }

    def under_halves(self, halves: Halves, tasks: Sequence[TaskContents]) -> dict[str, SealedBytes]:
        return {
            task.task_id: self._entry(
                self._values_key(halves, task.task_id), Layer.VALUES, task.task_id, task.values
            )
            for task in tasks
        }

    def _values_key(self, halves: Halves, task_id: str) -> SecretBytes:
        share_a, share_b = (share(half, task_id) for half in halves.secrets)
        return combine(share_a, share_b, project=self.project, segment_id=self.segment_id, task_id=task_id)

    def _entry(self, key: SecretBytes, layer: Layer, task_id: str, content: bytes) -> SealedBytes:
        return seal(key, content, entry_binding(self.project, self.segment_id, task_id, layer), self.nonces)


def split(tasks: Sequence[TaskContents], room: int) -> Iterator[list[TaskContents]]:
    """Groups in order, none adding more than `room` bytes to a document. Each task fits alone."""
    group: list[TaskContents] = []
    used = dict.fromkeys(Layer, 0)
    for task in tasks:
        sizes = task.sizes()
        if group and any(used[layer] + sizes[layer] > room for layer in Layer):
            yield group
            group, used = [], dict.fromkeys(Layer, 0)
        group.append(task)
        used = {layer: used[layer] + sizes[layer] for layer in Layer}
    if group:
        yield group


def _reference(key: DataKey) -> KeyReference:
    return KeyReference(key.wrapped, key.context)
