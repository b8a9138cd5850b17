"""What a restore reads from: a backup, or (for what came later) a newer backup, or the stack that still runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Protocol

from deploy.backup import contents
from deploy.backup.age import Opener
from deploy.backup.contents import BACKUP
from deploy.backup.folder import Verified, verified
from deploy.backup.framing import KeptSchemas
from deploy.backup.index import Ended, doomed
from deploy.backup.manifest import MANIFEST
from deploy.backup.records import unpacked, unpacked_files
from deploy.backup.taking import NEVER
from deploy.segment_index import Index
from deploy.surroundings import CONTROL, Surroundings, surroundings
from schemas.codec import Codec
from schemas.errors import ConfigError, Undecodable
from schemas.records import ControlState
from streams.engine.messages import Message
from topology.control import ControlBook
from topology.identity import PLATFORM
from topology.loading import Topology, load_topology, parse_project
from topology.pins import Pins, pins_of


class Source(Protocol):
    """Records of one cluster as of one moment. Raises ConfigError, LogUnavailable, RegistryUnavailable."""

    @property
    def cluster(self) -> str:
        """Kafka's cluster id."""
        ...

    @property
    def codec(self) -> Codec:
        """Reads its records."""
        ...

    @property
    def topology(self) -> Topology:
        """The projects and pins of that moment: who has come since may have given orders."""
        ...

    def text_of(self, schema_id: int) -> str | None:
        """The schema of an id that its records begin with."""
        ...

    def end_of_control(self) -> int:
        """Where `control` ended at that moment."""
        ...

    def ends(self, topic: str) -> Sequence[int]:
        """Where each partition of a topic ended at that moment; nothing of a topic that was not there."""
        ...

    def messages(self, part: str) -> Iterator[Message]:
        """The records of a part of `contents`."""
        ...


@dataclass(slots=True)
class BackupSource:
    """A backup. Implements `Source`."""

    backup: Verified
    opener: Opener
    pins: Pins
    """Those that the backup was verified by."""
    codec: Codec = field(init=False)
    topology: Topology = field(init=False)
    declared: dict[str, bytes] = field(init=False)
    """Project files and pins, by path below the root."""
    _texts: dict[str, bytes] = field(init=False)

    def __post_init__(self) -> None:
        """Raises ConfigError where it opens by no key, or its pins are not those that are trusted."""
        self._texts = self._files(contents.SCHEMAS)
        self.declared = self._files(contents.FILES)
        self.codec = Codec(KeptSchemas(self.text_of))
        self.topology = _topology(self.declared, self.pins)

    @property
    def cluster(self) -> str:
        return self.backup.manifest.cluster

    def text_of(self, schema_id: int) -> str | None:
        text = self._texts.get(str(schema_id))
        return None if text is None else text.decode()

    def end_of_control(self) -> int:
        return self.ends(CONTROL)[0]

    def ends(self, topic: str) -> Sequence[int]:
        return [end for _, end in self.backup.manifest.offsets.get(topic, ())]

    def messages(self, part: str) -> Iterator[Message]:
        with self.backup.opened(part, self.opener) as clear:
            yield from unpacked(part, clear)

    def _files(self, part: str) -> dict[str, bytes]:
        with self.backup.opened(part, self.opener) as clear:
            return unpacked_files(clear)


@dataclass(frozen=True, slots=True)
class StackSource:
    """A stack that runs, read as `backup.platform`. Implements `Source`."""

    around: Surroundings

    @property
    def topology(self) -> Topology:
        return self.around.topology

    @property
    def cluster(self) -> str:
        return self.around.log.cluster()

    @property
    def codec(self) -> Codec:
        return self.around.codec

    def text_of(self, schema_id: int) -> str | None:
        return self.around.registry.text_of(schema_id)

    def end_of_control(self) -> int:
        return sum(self.ends(CONTROL))

    def ends(self, topic: str) -> Sequence[int]:
        found = self.around.log.offsets_at(topic, NEVER)
        return [found[place] for place in sorted(found)]

    def messages(self, part: str) -> Iterator[Message]:
        if part.startswith(contents.segments_later("")):
            return iter(())  # it is read as it is now: nothing is later
        return self.around.log.read(part)


@contextmanager
def later(place: Path | None, opener: Opener, pins: Pins, than: Source) -> Iterator[Source | None]:
    """What `--control-from` names: a backup, or the root of a stack that runs; of `than`'s cluster, no older.

    Raises ConfigError.
    """
    if place is None:
        yield None
        return
    if (place / MANIFEST).exists():
        source: Source = BackupSource(verified(place, pins), opener, pins)
        _check(place, source, than)
        yield source
        return
    around = surroundings(place, BACKUP, PLATFORM)
    try:
        pins.joined(around.topology.pins.keys)
        source = StackSource(around)
        _check(place, source, than)
        yield source
    finally:
        around.close()


def _topology(declared: dict[str, bytes], trusted: Pins) -> Topology:
    """The packaged projects and those of the files. Raises ConfigError."""
    packaged = load_topology()
    texts = {name: data.decode("utf-8", "replace") for name, data in declared.items() if _is_project(name)}
    parsed = [parse_project(text, name, packaged.flow) for name, text in texts.items()]
    pins = trusted.joined(pins_of(declared[contents.PINS_NAME].decode(), contents.PINS_NAME).keys)
    return Topology({**packaged.projects, **{one.name: one for one in parsed}}, packaged.flow, pins)


def _is_project(name: str) -> bool:
    path = PurePosixPath(name)
    return path.parent == PurePosixPath(contents.PROJECTS_FOLDER) and path.suffix == ".yaml"


def _check(place: Path, source: Source, than: Source) -> None:
    if source.cluster != than.cluster:
        raise ConfigError(f"{place}: is of another Kafka than the backup; its orders say nothing about it")
    if source.end_of_control() < than.end_of_control():
        raise ConfigError(f"{place}: is older than the backup: `control` ends earlier there")


@dataclass(frozen=True, slots=True)
class Known:
    """What a source knows of a project's segments. `before`: as the index was before Vault's snapshot."""

    before: Index
    after: Index
    doomed: frozenset[str]


def known(source: Source, project: str) -> Known:
    """Read index and keeper's state of a project."""
    index = Index()
    for message in source.messages(contents.segments(project)):
        index.take(message, source.codec)
    before = index.copy()
    for message in source.messages(contents.segments_later(project)):
        index.take(message, source.codec)
    return Known(before, index, doomed(source.messages(contents.keeper_state(project)), source.codec))


def ended(one: Known, book: ControlBook, project: str, *, later_index: bool) -> Ended:
    """What that says has ended. `later_index`: by its index, too."""
    later = one.after if later_index else None
    return Ended(book.withdrawn(project), one.doomed, later, book.erasures(project).hashes)


@dataclass(slots=True)
class Orders:
    """What a source's `control` says, and by how many records."""

    book: ControlBook
    records: int = 0


def orders(source: Source) -> Orders:
    """Every record; what has no valid signature counts for nothing, as for every stage."""
    topology = source.topology
    found = Orders(ControlBook(topology.flow, topology.pins, topology.projects))
    for message in source.messages(CONTROL):
        key = (message.key or b"").decode("utf-8", "replace")
        try:
            state = None if message.value is None else source.codec.decode(message.value, ControlState)
        except Undecodable:
            continue
        found.book.apply(key, state)
        found.records += 1
    return found
