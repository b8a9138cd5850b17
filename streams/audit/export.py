"""The audit as files, so that it verifies anywhere: without Kafka, Vault or registry.

A folder or object store holds, for each audit partition, one log as C2SP tlog-tiles lays it out
(`<topic>-<partition>/checkpoint`, `…/tile/…`; see `log_writer`), the leaves that are too long for an entry
(`large/<digest>`), and `index.json`, `pins.json`, `schema.avsc` (see `index`).

Only what a checkpoint covers is exported, and a checkpoint only where the same root came out here. Exporting again
goes on where the last export ended. A log that can't go on is a finding; the others do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from streams.audit.chain import Pins
from streams.audit.entries import entry_of
from streams.audit.findings import Finding, FindingKind
from streams.audit.index import (
    INDEX,
    PINS,
    SCHEMA,
    BadIndex,
    Index,
    LogPlace,
    pins_data,
    read_index,
    schema_data,
    sha256,
)
from streams.audit.log_writer import Forked, LogWriter
from streams.audit.note import BadNote
from streams.audit.sealed import Sealed, opened, place_of
from streams.audit.store import Store
from streams.engine.messages import Message, TopicPartition

Read = Callable[[str, Mapping[TopicPartition, int]], Iterator[Message]]
"""Every committed message of a topic from these offsets on, each partition in order (`Log.read`)."""
Firsts = Callable[[str], Mapping[TopicPartition, int]]
"""Of each partition of a topic the first offset there is."""
PrefixesOf = Callable[[Iterable[bytes | None]], Mapping[int, bytes]]
"""What leaves begin with, by the schema ids in these values (`prefixes.Prefixes.of`)."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What lies in the export now. `logs`: by folder; `checkpoints`: by origin, worth keeping elsewhere."""

    logs: Mapping[str, LogPlace]
    checkpoints: Mapping[str, bytes]
    new: int
    findings: tuple[Finding, ...]

    @property
    def events(self) -> int:
        """Entries in all logs."""
        return sum(place.size for place in self.logs.values())


class Exporter:
    """Extends one export. One at a time: from before it is made until the last `extend`, hold `Store.alone`.

    `topics`: the audit topics to export. Raises BadIndex where the place holds something else, OSError, and what
    `read`, `firsts` and `prefixes` raise.
    """

    def __init__(
        self, store: Store, topics: Iterable[str], pins: Pins, read: Read, firsts: Firsts, prefixes: PrefixesOf
    ) -> None:
        self._store = store
        self._topics = tuple(topics)
        self._pins = pins
        self._read = read
        self._firsts = firsts
        self._prefixes = prefixes
        self._logs = self._prepared()
        self._findings: list[Finding] = []

    def extend(self, checkpoints: Mapping[str, bytes]) -> Exported:
        """Export up to these checkpoints: the latest signed note of each origin."""
        self._findings = []
        before = sum(place.size for place in self._logs.values())
        for topic in self._topics:
            self._extend(topic, dict(self._writers(topic, checkpoints)))
        kept = {place.origin: self._store.get(f"{name}/checkpoint") for name, place in self._logs.items()}
        notes = {origin: data for origin, data in kept.items() if data is not None}
        new = sum(place.size for place in self._logs.values()) - before
        return Exported(dict(self._logs), notes, new, tuple(self._findings))

    def _extend(self, topic: str, writers: dict[int, LogWriter]) -> None:
        """One pass over the topic for all of its logs, from where each was left to its checkpoint."""
        if not writers:
            return
        offsets = {
            TopicPartition(topic, place.partition): place.next_offset
            for place in self._logs.values()
            if place.topic == topic
        }
        for message in self._read(topic, offsets):
            writer = writers.get(message.partition)
            if writer is None:
                continue
            try:
                writer.take(message.offset, entry_of(message.value, self._prefixes([message.value])))
            except Forked as error:
                self._failed(writer, offsets, FindingKind.FORKED, str(error))
            if writer.missing and not self._refused(writer):
                continue
            del writers[message.partition]
            if not self._refused(writer):
                self._finished(writer)
            if not writers:
                return
        for writer in writers.values():
            text = f"the topic ends {writer.missing:,} events before what the sealer has signed: it was cut"
            self._failed(writer, offsets, FindingKind.TRUNCATED, text)

    def _failed(
        self, writer: LogWriter, offsets: Mapping[TopicPartition, int], kind: FindingKind, text: str
    ) -> None:
        """It was cut, or is another; but where what it had to go on with has expired, nobody can tell."""
        place = TopicPartition(writer.place.topic, writer.place.partition)
        begin, first = offsets[place], self._firsts(place.topic).get(place, 0)
        if first > begin:
            kind = FindingKind.EXPIRED
            text = (
                f"its beginning has expired: the topic begins at offset {first:,}, and this export would have to "
                f"go on at {begin:,}. Go on in an export that is further; of this log nothing was written"
            )
        self._find(kind, writer.place.name, text)

    def _refused(self, writer: LogWriter) -> bool:
        return any(it.where == writer.place.name for it in self._findings)

    def _finished(self, writer: LogWriter) -> None:
        before = self._logs[writer.place.name].size
        self._logs[writer.place.name] = writer.place
        self._put_index()
        writer.clean(before)

    def _writers(self, topic: str, checkpoints: Mapping[str, bytes]) -> Iterator[tuple[int, LogWriter]]:
        for goal in self._goals(topic, checkpoints):
            found = place_of(goal.checkpoint.origin)
            assert found is not None, "a goal is a log of this topic"
            place = LogPlace(goal.checkpoint.origin, *found)
            if place.name not in self._logs:  # before its first file, or that would belong to nothing
                self._logs[place.name] = place
                self._put_index()
            known = self._logs[place.name]
            try:
                if known.origin != place.origin:
                    raise Forked(f"the log was exported as {known.origin}; export it into another folder")
                writer = LogWriter(self._store, known, goal, self._pins)
            except Forked as error:
                self._find(FindingKind.FORKED, place.name, str(error))
                continue
            if writer.missing:
                yield found[1], writer
            else:
                writer.clean(known.size)

    def _goals(self, topic: str, checkpoints: Mapping[str, bytes]) -> Iterator[Sealed]:
        for origin, data in sorted(checkpoints.items()):
            try:
                if (place_of(origin) or ("", 0))[0] == topic:
                    yield opened(data, self._pins, origin)
            except BadNote as error:
                self._find(FindingKind.CHECKPOINT, origin, f"the sealer's checkpoint doesn't hold: {error}")

    def _prepared(self) -> dict[str, LogPlace]:
        """The logs there are. Files beside them are replaced so that the index fits them at every moment."""
        data = self._store.get(INDEX)
        if data is None and any(name not in {PINS, SCHEMA} for name in self._store.names()):
            raise BadIndex("there are files, but not those of an export")
        there = Index() if data is None else read_index(data)
        self._files = {PINS: pins_data(self._pins), SCHEMA: schema_data()}
        new = {name: sha256(content) for name, content in self._files.items()}
        both = {name: tuple(dict.fromkeys((*there.files.get(name, ()), digest))) for name, digest in new.items()}
        logs = dict(there.logs)
        if data is not None:
            self._store.put(INDEX, Index(logs, both).data())
        for name, content in self._files.items():
            if self._store.get(name) != content:
                self._store.put(name, content)
        self._store.put(INDEX, Index(logs, {name: (digest,) for name, digest in new.items()}).data())
        return logs

    def _put_index(self) -> None:
        self._store.put(INDEX, Index(self._logs, {it: (sha256(data),) for it, data in self._files.items()}).data())

    def _find(self, kind: FindingKind, where: str, text: str) -> None:
        self._findings.append(Finding(kind, where, text))
