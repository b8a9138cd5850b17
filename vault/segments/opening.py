"""Opening segments: the side of label, copier and opener (task keys) and join's (coordinates). For these only.

There is no function here that opens values: no running process has the rights, and none has the code.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from schemas.errors import Reason, Refused, Undecodable
from schemas.hidden import Hidden, SealedBytes, SecretBytes
from vault.data_keys import UnwrappedKeys
from vault.interface import Vault, WrappedKey
from vault.keys import KEY_BYTES, open_sealed
from vault.segments.apart import SegmentTopics, entries_at, open_apart
from vault.segments.document import Layer, LayerDocument, entry_binding, path_of, unpack

KEPT_DOCUMENTS = 256
"""Documents a reader keeps, with their records where entries lie apart: at most 64 MB at 256 kB each; about 11 MB
at the usual 44 kB.
"""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A document, and its sealed entries, wherever they lie."""

    document: LayerDocument
    sealed: Mapping[str, SealedBytes]

    def opened(self, secret: SecretBytes, task_id: str) -> bytes:
        """Raises Refused, Undecryptable, Undecodable."""
        document, held, sealed = self.document, self.document.entries.get(task_id), self.sealed.get(task_id)
        if held is None or sealed is None:
            raise _withdrawn(task_id)
        binding = entry_binding(document.project, document.segment_id, task_id, document.layer)
        if document.place is None:
            return open_sealed(secret, sealed, binding)
        return open_apart(secret, held.data, sealed, binding)


class LayerReader(Hidden):
    """Opens the entries of one layer; keeps documents and unwrapped keys. Thread-safe.

    An evicted task stays evicted for this process's life, even if an old document is read again.
    """

    def __init__(
        self,
        vault: Vault,
        project: str,
        layer: Layer,
        *,
        kept: int = KEPT_DOCUMENTS,
        topics: SegmentTopics | None = None,
    ) -> None:
        """`topics`: for a layer whose entries may lie apart from Vault."""
        if layer is Layer.VALUES:
            raise ValueError("values are opened by no running process")
        self._vault = vault
        self._project = project
        self._layer = layer
        self._kept = kept
        self._topics = topics
        self._keys = UnwrappedKeys(vault, f"{layer.value}-{project}")
        self._lock = threading.Lock()
        self._documents: OrderedDict[str, _Kept] = OrderedDict()
        self._evicted: set[str] = set()

    def open(self, segment_id: str, task_id: str) -> bytes:
        """The content of a task's entry.

        Raises Refused (`withdrawn`: evicted, or no longer in the document; `unknown_segment`: no such document
        any more, or no such record), Undecryptable, Undecodable, and as Vault and `SegmentTopics.read` do.
        """
        self._check_evicted(task_id)
        kept = self._document(segment_id, task_id)
        key = kept.document.keys[0]
        content = kept.opened(self._keys.one(WrappedKey(key.wrapped, key.context)), task_id)
        self._check_evicted(task_id)  # again: it may have been evicted while we were reading
        return content

    def evict(self, task_ids: Collection[str]) -> None:
        """Forget these tasks, for good, and every kept document that holds one."""
        with self._lock:
            self._evicted.update(task_ids)
            holding = [
                name
                for name, one in self._documents.items()
                if not one.document.entries.keys().isdisjoint(task_ids)
            ]
            for name in holding:
                del self._documents[name]

    def _check_evicted(self, task_id: str) -> None:
        with self._lock:
            if task_id in self._evicted:
                raise _withdrawn(task_id)

    def _document(self, segment_id: str, task_id: str) -> _Kept:
        with self._lock:
            if segment_id in self._documents:
                self._documents.move_to_end(segment_id)
                return self._documents[segment_id]
        document = self._read(segment_id, task_id)
        with self._lock:
            self._documents[segment_id] = document
            while len(self._documents) > self._kept:
                self._documents.popitem(last=False)
        return document

    def _read(self, segment_id: str, task_id: str) -> _Kept:
        """Both parts of it; of a task that was dropped the record is not asked for."""
        found = self._vault.read(path_of(self._layer, segment_id))
        if found is None:
            raise Refused(Reason.UNKNOWN_SEGMENT, f"segment {segment_id} is no longer in Vault")
        document = unpack(found.blob)
        if (document.project, document.segment_id, document.layer) != (self._project, segment_id, self._layer):
            raise Undecodable(Reason.UNDECODABLE, f"the document of segment {segment_id} is another one's")
        if not document.keys:
            raise Undecodable(Reason.UNDECODABLE, f"the document of segment {segment_id} names no key")
        if document.place is None:
            return _Kept(document, document.entries)
        if task_id not in document.entries:
            raise _withdrawn(task_id)
        if self._topics is None:
            raise Undecodable(Reason.UNDECODABLE, f"segment {segment_id} has entries where nobody looks for them")
        return _Kept(document, entries_at(self._topics, document))


class ViewKeys(Hidden):
    """For label, copier and opener: the key of a task's content, and what may be told of its placeholders."""

    def __init__(self, vault: Vault, project: str, *, kept: int = KEPT_DOCUMENTS) -> None:
        self._reader = LayerReader(vault, project, Layer.VIEW, kept=kept)

    def task_key(self, segment_id: str, task_id: str) -> SecretBytes:
        """The key that opens `Task.sealed`. Errors as `LayerReader.open`."""
        return SecretBytes(self._reader.open(segment_id, task_id)[:KEY_BYTES])

    def hints(self, segment_id: str, task_id: str) -> bytes:
        """What redact sealed beside the key as the task's hints; empty where there are none. Errors likewise."""
        return self._reader.open(segment_id, task_id)[KEY_BYTES:]

    def evict(self, task_ids: Collection[str]) -> None:
        """Forget withdrawn tasks."""
        self._reader.evict(task_ids)


class Geometries(Hidden):
    """Join's opener: the coordinates of a task."""

    def __init__(
        self, vault: Vault, project: str, *, kept: int = KEPT_DOCUMENTS, topics: SegmentTopics | None = None
    ) -> None:
        self._reader = LayerReader(vault, project, Layer.GEOMETRY, kept=kept, topics=topics)

    def geometry(self, segment_id: str, task_id: str) -> bytes:
        """What redact sealed as the task's geometry. Errors as `LayerReader.open`."""
        return self._reader.open(segment_id, task_id)

    def evict(self, task_ids: Collection[str]) -> None:
        """Forget withdrawn tasks."""
        self._reader.evict(task_ids)


def _withdrawn(task_id: str) -> Refused:
    return Refused(Reason.WITHDRAWN, f"task {task_id} has been withdrawn or erased")
