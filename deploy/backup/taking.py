"""Taking a backup, in the order that decision 0005 of `deploy` gives reasons for."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from deploy.acting import act
from deploy.backup import contents
from deploy.backup.age import Envelope
from deploy.backup.contents import BACKUP
from deploy.backup.folder import write_part
from deploy.backup.framing import schema_id
from deploy.backup.manifest import FORMAT, MANIFEST, SIGNATURE, Manifest, Part, digest, message
from deploy.backup.records import packed, packed_files
from deploy.log_name import log_name
from deploy.progress import Report
from deploy.provision.parts import pins_path
from deploy.supervise.files import make_private_folder
from deploy.surroundings import CONTROL, Surroundings, surroundings
from schemas.audit import Event, EventType
from schemas.errors import ConfigError
from schemas.files import write_atomically
from schemas.resources import project_resource
from streams.engine.messages import Message, TopicPartition
from topology.identity import PLATFORM
from topology.topics import topics
from vault.snapshots import Snapshots

NEVER = 2**62
"""Milliseconds; no record is of that time, so that asking for its offset gives the end."""
Read = dict[TopicPartition, int]
"""How far a topic was read: where each partition goes on."""


@dataclass(frozen=True, slots=True)
class Made:
    """What was made. `digest`: of the manifest, as the audit has it."""

    folder: Path
    manifest: Manifest
    digest: str


def take(root: Path, folder: Path, envelope: Envelope, report: Report) -> Made:
    """Back up the installation of `root` into a folder, which is new; nothing is left there where it fails.

    Raises ConfigError, AccessDenied, LogUnavailable, VaultUnavailable, RegistryUnavailable, OSError.
    """
    if folder.exists():
        raise ConfigError(f"{folder} is there already; a backup goes into a folder of its own")
    around = surroundings(root, BACKUP, PLATFORM)
    try:
        act(around, [], [])  # says that it logs in: in a pod it has already, and what follows may take minutes
        make_private_folder(folder)
        made = _Taking(around, folder, envelope, report).made()
        details = {
            "manifest": made.digest,
            "parts": str(len(made.manifest.parts)),
            "bytes": str(made.manifest.size),
        }
        _say(around, EventType.BACKUP_MADE, details)
    except BaseException:  # Ctrl-C too: half of a backup must not look like one
        shutil.rmtree(folder, ignore_errors=True)
        raise
    else:
        return made
    finally:
        around.close()


def _say(around: Surroundings, kind: EventType, details: dict[str, str]) -> None:
    act(around, [], [Event(kind, project_resource(PLATFORM), details=details)])


@dataclass(slots=True)
class _Taking:
    around: Surroundings
    folder: Path
    envelope: Envelope
    report: Report
    parts: dict[str, Part] = field(default_factory=dict)
    schemas: set[int] = field(default_factory=set)

    def made(self) -> Made:
        projects = tuple(sorted(self.around.topology.projects))
        read, standing = dict[str, Read](), dict[str, set[bytes]]()
        for one in projects:
            part, standing[one] = contents.segments(one), set()
            read[one] = self._index(part, part, standing[one])
        self._vault()
        for one in projects:
            self._index(contents.segments_later(one), contents.segments(one), standing[one], read[one])
            self._topic(contents.keeper_state(one), contents.keeper_state(one))
            for topic in contents.entries(one):
                self._topic(topic, topic, where=_in(standing[one]))
        for topic in (CONTROL, *contents.as_they_are(projects)):
            self._topic(topic, topic)
        self._schemas()
        self._part(contents.FILES, packed_files(found := _files(self.around.root)), lambda: len(found))
        return self._signed(projects)

    def _part(self, name: str, clear: Iterable[bytes], items: Callable[[], int]) -> None:
        sha256, size = write_part(self.folder, name, self.envelope, clear)
        self.parts[name] = Part(sha256, size, items())
        self.report(f"{name}: {self.parts[name].items:,} items, {size:,} bytes")

    def _index(self, part: str, topic: str, standing: set[bytes], after: Read | None = None) -> Read:
        """The index as it is now, from where it was read to; the keys that stand in it by then."""

        def note(found: Message) -> bool:
            (standing.add if found.value is not None else standing.discard)(found.key or b"")
            return True

        return self._topic(topic, part, after, where=note)

    def _topic(
        self, topic: str, part: str, after: Read | None = None, where: Callable[[Message], bool] = lambda _: True
    ) -> Read:
        """What is committed of a topic now, as far as it is wanted. How far that went."""
        read, count = dict(after or {}), 0

        def seen() -> Iterator[Message]:
            nonlocal count
            for found in self.around.log.read(topic, dict(after or {})):
                read[found.place] = found.offset + 1
                if not where(found):
                    continue
                count += 1
                if (used := schema_id(found.value)) is not None:
                    self.schemas.add(used)
                yield found

        self._part(part, packed(seen()), lambda: count)
        return read

    def _vault(self) -> None:
        """The event first, and right before: matching gives it a minute."""
        _say(self.around, EventType.BACKUP_BEGUN, {})
        with Snapshots(self.around.vault.session).taken() as snapshot:
            self._part(contents.VAULT, snapshot, lambda: 1)

    def _schemas(self) -> None:
        """Those of the records; a number that is no schema's was never one, but in a record of a stranger's."""
        texts = {str(one): self.around.registry.text_of(one) for one in sorted(self.schemas)}
        known = {name: text.encode() for name, text in texts.items() if text is not None}
        self._part(contents.SCHEMAS, packed_files(known), lambda: len(known))

    def _signed(self, projects: tuple[str, ...]) -> Made:
        """Offsets last: a cluster that goes on from them has no offset twice that anybody has heard of."""
        flow = files("topology").joinpath("flow.yaml").read_bytes()
        manifest = Manifest(
            format=FORMAT,
            made_at=self.around.clock.now(),
            cluster=self.around.log.cluster(),
            log_name=log_name(self.around.endpoints, self.around.log),
            release=version("veilstream"),
            flow_sha256=hashlib.sha256(flow).hexdigest(),
            signer=BACKUP.signer,
            recipients=self.envelope.recipients,
            projects=projects,
            offsets=self._offsets(),
            parts=self.parts,
        )
        data = manifest.data()
        signature = self.around.sign(message(data)).hex().encode() + b"\n"
        write_atomically(self.folder / SIGNATURE, signature)
        write_atomically(self.folder / MANIFEST, data)
        return Made(self.folder, manifest, digest(data))

    def _offsets(self) -> dict[str, tuple[tuple[int, int], ...]]:
        log, found = self.around.log, {}
        for spec in topics(self.around.topology):
            first, end = log.offsets_at(spec.name, 0), log.offsets_at(spec.name, NEVER)
            found[spec.name] = tuple((first[place], end[place]) for place in sorted(end))
        return found


def _in(keys: set[bytes]) -> Callable[[Message], bool]:
    return lambda message: message.key in keys


def _files(root: Path) -> dict[str, bytes]:
    """The files that say what the installation is; none of its secrets."""
    folder = root / contents.PROJECTS_FOLDER
    paths = [it for it in folder.rglob("*") if it.is_file()] if folder.is_dir() else []
    found = {it.relative_to(root).as_posix(): it.read_bytes() for it in sorted(paths)}
    return {**found, contents.PINS_NAME: pins_path(root).read_bytes()}
