"""Building segments: redact's side. What it seals here it cannot open again: it has *datakey* rights only.

Every task is an entry sealed on its own in three documents, one for each reader: its task key (view, for label),
its coordinates (geometry, for join), its original values (values, for nobody alone). Where the project has chosen
so, the entries of the last two are written to their topics first, and the documents keep seeds (`apart.py`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from schemas.errors import Reason, Refused
from schemas.hidden import Hidden, SealedBytes, SecretBytes
from vault.data_keys import DataKeys
from vault.interface import MAX_DOCUMENT_BYTES, DataKey
from vault.keys import OVERHEAD, Nonces, seal
from vault.segments.apart import (
    LAYERS,
    SEED_BYTES,
    SegmentTopics,
    Stored,
    entry_bytes,
    seal_apart,
    topic_of,
)
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

    def sizes(self, *, apart: bool = False) -> dict[Layer, int]:
        """How much the task adds to each document, in bytes; to the record, of what lies `apart`."""
        fixed = len(self.task_id.encode()) + ENTRY_BYTES
        long = entry_bytes if apart else _in_place
        return {
            Layer.VIEW: fixed + _in_place(len(self.view)),
            Layer.GEOMETRY: fixed + long(len(self.geometry)),
            Layer.VALUES: fixed + long(len(self.values)),
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
        topics: SegmentTopics | None = None,
    ) -> None:
        """`topics`: what is large lies there; without them all lies in Vault."""
        self._topics = topics
        self._data_keys = data_keys
        self._halves = halves
        self._project = project
        self._slot = slot
        self._nonces = nonces
        self._max_bytes = max_document_bytes

    def seal(self, contents: Sequence[TaskContents], next_id: Callable[[], str], now: int) -> SealedBatch:
        """As few segments as hold the tasks, each under a fresh `next_id()`; `now` in milliseconds.

        A task that alone exceeds a document is refused (`mapping_too_large`), the rest goes on. Raises as Vault
        does when a data key is due, and as `SegmentTopics.append`: what was written then is found by nobody.
        """
        batch = SealedBatch()
        room = self._max_bytes - HEADER_BYTES
        fitting = []
        for task in contents:
            if max(task.sizes(apart=self._topics is not None).values()) > room:
                message = f"mapping of task {task.task_id} exceeds a document of {self._max_bytes} bytes"
                batch.refused[task.task_id] = Refused(Reason.MAPPING_TOO_LARGE, message)
            else:
                fitting.append(task)
        groups = split(fitting, room, apart=self._topics is not None)
        drafts = [self._draft(group, next_id(), now) for group in groups]
        batch.segments = list(self._placed(drafts))
        return batch

    def _draft(self, tasks: Sequence[TaskContents], segment_id: str, now: int) -> _Draft:
        context = f"{self._slot}/{now // HOUR_MS}"
        view = self._data_keys.current(f"view-{self._project}", context, now, len(tasks))
        geometry = self._data_keys.current(f"geometry-{self._project}", context, now, len(tasks))
        halves = self._halves.current(now)
        filling = _Filling(self._project, segment_id, self._nonces, is_apart=self._topics is not None)
        views = [_Entry(it.task_id, view.secret, it.view) for it in tasks]
        geometries = [_Entry(it.task_id, geometry.secret, it.geometry) for it in tasks]
        values = [_Entry(it.task_id, filling.values_key(halves, it.task_id), it.values) for it in tasks]
        layers = (
            filling.layer(Layer.VIEW, (_reference(view),), views),
            filling.layer(Layer.GEOMETRY, (_reference(geometry),), geometries),
            filling.layer(Layer.VALUES, halves.references, values),
        )
        return _Draft(segment_id, tuple(task.task_id for task in tasks), layers)

    def _placed(self, drafts: Sequence[_Draft]) -> Iterator[Segment]:
        """What lies apart is written, all at once; then it is known where."""
        apart = [it.stored for draft in drafts for it in draft.layers if it.stored is not None]
        places = iter(self._topics.append(apart)) if self._topics is not None and apart else iter(())
        for draft in drafts:
            documents = [
                it.document if it.stored is None else replace(it.document, place=next(places))
                for it in draft.layers
            ]
            packed = tuple((path_of(it.layer, draft.segment_id), pack(it)) for it in documents)
            yield Segment(draft.segment_id, draft.task_ids, packed)


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A layer; where its entries lie apart, the record with them, and the document with seeds."""

    document: LayerDocument
    stored: Stored | None = None


@dataclass(frozen=True, slots=True)
class _Draft:
    """A segment of which nothing is written."""

    segment_id: str
    task_ids: tuple[str, ...]
    layers: tuple[_Sealed, ...]


@dataclass(frozen=True, slots=True, repr=False)
class _Entry(Hidden):
    """A task's entry in a layer, not sealed yet: what it holds, and by what it is to open."""

    task_id: str
    secret: SecretBytes
    content: bytes


@dataclass(frozen=True, slots=True)
class _Filling:
    """A segment being filled."""

    project: str
    segment_id: str
    nonces: Nonces
    is_apart: bool

    def layer(self, layer: Layer, keys: tuple[KeyReference, ...], entries: Sequence[_Entry]) -> _Sealed:
        """A layer of it."""
        if self.is_apart and layer in LAYERS:
            return self._apart(layer, keys, entries)
        sealed = {it.task_id: seal(it.secret, it.content, self._binding(layer, it), self.nonces) for it in entries}
        return _Sealed(LayerDocument(self.project, self.segment_id, layer, keys, sealed))

    def _apart(self, layer: Layer, keys: tuple[KeyReference, ...], entries: Sequence[_Entry]) -> _Sealed:
        seeds = {it.task_id: SealedBytes(self.nonces(SEED_BYTES)) for it in entries}
        sealed = {
            it.task_id: seal_apart(
                it.secret, seeds[it.task_id].data, it.content, self._binding(layer, it), self.nonces
            )
            for it in entries
        }
        record = LayerDocument(self.project, self.segment_id, layer, (), sealed)
        stored = Stored(topic_of(layer, self.project), self.segment_id.encode(), pack(record))
        return _Sealed(LayerDocument(self.project, self.segment_id, layer, keys, seeds), stored)

    def values_key(self, halves: Halves, task_id: str) -> SecretBytes:
        """What opens a task's values."""
        share_a, share_b = (share(half, task_id) for half in halves.secrets)
        return combine(share_a, share_b, project=self.project, segment_id=self.segment_id, task_id=task_id)

    def _binding(self, layer: Layer, entry: _Entry) -> bytes:
        return entry_binding(self.project, self.segment_id, entry.task_id, layer)


def split(tasks: Sequence[TaskContents], room: int, *, apart: bool = False) -> Iterator[list[TaskContents]]:
    """Groups in order, none adding more than `room` bytes to a document or record. Each task fits alone."""
    group: list[TaskContents] = []
    used = dict.fromkeys(Layer, 0)
    for task in tasks:
        sizes = task.sizes(apart=apart)
        if group and any(used[layer] + sizes[layer] > room for layer in Layer):
            yield group
            group, used = [], dict.fromkeys(Layer, 0)
        group.append(task)
        used = {layer: used[layer] + sizes[layer] for layer in Layer}
    if group:
        yield group


def _in_place(length: int) -> int:
    return length + OVERHEAD


def _reference(key: DataKey) -> KeyReference:
    return KeyReference(key.wrapped, key.context)
