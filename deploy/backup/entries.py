"""Entries that lie apart from Vault: written into the restored Kafka, and their new places into the documents.

Vault's snapshot names places of a Kafka that is gone. So each record that a document of it names is written again,
without what nobody can open any more, and the document is told where. What no document names is left behind. What
was gone from the topic when the backup was taken is over, and no fault of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from deploy.backup.checks import Check, shown
from schemas.errors import Undecodable
from streams.engine.messages import Message
from vault.interface import Document, Documents
from vault.segments.apart import LAYERS, SegmentTopics, Stored, topic_of
from vault.segments.document import Layer, LayerDocument, Place, pack, path_of, unpack

AT_A_TIME = 100
"""Records that are written together: 5 MB at most at the usual 50 kB."""
Offsets = Mapping[str, tuple[tuple[int, int], ...]]
"""By topic the first offset of each partition and the one after its last, as the backup's manifest has them."""


@dataclass(slots=True)
class Entries:
    """One project's. `over`: segments whose entries had expired by then. Raises VaultUnavailable, LogUnavailable,
    AccessDenied.
    """

    vault: Documents
    topics: SegmentTopics
    project: str
    offsets: Offsets
    over: set[str] = field(default_factory=set)

    def restored(self, segments: Iterable[str], messages: Mapping[Layer, Iterable[Message]]) -> Check:
        """`messages`: the backup's records of each layer's topic."""
        names, written, lost = list(segments), 0, list[str]()
        for layer in LAYERS:
            wanted = dict(self._named(layer, names))
            written += self._moved(layer, wanted, messages[layer])
            lost += [f"{path_of(layer, name)}: no entries" for name in wanted.values()]
        return Check(f"{self.project}: entries apart from Vault", f"{written:,} records", shown(iter(lost)))

    def _named(self, layer: Layer, segments: Iterable[str]) -> Iterator[tuple[Place, str]]:
        """The places that documents name. One that can't be read is told of where documents are looked at."""
        topic = topic_of(layer, self.project)
        firsts = [first for first, _ in self.offsets.get(topic, ())]
        for name in segments:
            found = _read(self.vault, path_of(layer, name))
            place = None if found is None else found[1].place
            if place is None:
                continue
            if place.partition < len(firsts) and place.offset < firsts[place.partition]:
                self.over.add(name)
            else:
                yield place, name

    def _moved(self, layer: Layer, wanted: dict[Place, str], messages: Iterable[Message]) -> int:
        """Takes out of `wanted` what was found. How many records were written."""
        count, found = 0, self._wanted(layer, wanted, messages)
        while some := list(islice(found, AT_A_TIME)):
            places = self.topics.append([stored for _, stored in some])
            for (place, stored), new in zip(some, places, strict=True):
                self._tell(path_of(layer, stored.key.decode()), new)
                del wanted[place]
            count += len(some)
        return count

    def _wanted(
        self, layer: Layer, wanted: Mapping[Place, str], messages: Iterable[Message]
    ) -> Iterator[tuple[Place, Stored]]:
        """Records that are wanted, and are what their place is named for, with the entries that still open."""
        for message in messages:
            place = Place(message.partition, message.offset)
            name = wanted.get(place)
            if name is None or message.key != name.encode() or message.value is None:
                continue
            if (document := _read(self.vault, path_of(layer, name))) is not None:
                left = _left(message.value, document[1])
                if left is not None:
                    yield place, Stored(topic_of(layer, self.project), name.encode(), left)

    def _tell(self, path: str, place: Place) -> None:
        found = _read(self.vault, path)
        assert found is not None, "it was read before, and nothing else works on this vault"
        document, layer = found
        self.vault.replace(path, pack(replace(layer, place=place)), document.version)


def _read(vault: Documents, path: str) -> tuple[Document, LayerDocument] | None:
    """None where it is not there, or no layer of a segment."""
    found = vault.read(path)
    try:
        return None if found is None else (found, unpack(found.blob))
    except Undecodable:
        return None


def _left(record: bytes, document: LayerDocument) -> bytes | None:
    """The record with the entries that the document has seeds of; None for what is no record of a segment."""
    try:
        whole = unpack(record)
    except Undecodable:
        return None
    return pack(
        replace(whole, entries={task: it for task, it in whole.entries.items() if task in document.entries})
    )
