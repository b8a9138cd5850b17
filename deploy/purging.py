"""`veil purge --dry-run`: whether what has to end has ended, looked at from outside, as `inspector.platform`.

Kafka deletes and compacts, keeper ends what Vault holds. Neither is asked here how it went: this looks at the
broker's settings and offsets, at the names of documents, at the index on `segments.P`, at what opener says of
texts in clear, and at the ages of keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.acting import act
from deploy.inspecting import inspector
from deploy.provision.kafka_admin import KafkaAdmin
from deploy.segment_index import Index
from deploy.surroundings import Surroundings
from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.records import EPOCH
from schemas.resources import project_resource
from streams.engine.messages import Message
from streams.keeper.lateness import late
from streams.keeper.lifetimes import Lifetimes
from streams.keeper.overdue import halves_place, layer_place, replaced_place
from streams.keeper.scanning import HALVES
from streams.opener.opened import Opened
from streams.opener.overdue import Left, texts_place
from streams.opener.retracted import Retracted
from topology.flow import Scope
from topology.identity import PLATFORM
from topology.loading import Topology
from topology.readers import Reader, readers
from topology.retained import Fault, Place, topic_place
from topology.rights import wrapping_keys
from topology.topics import TopicSpec, topics
from vault.client import VaultClient
from vault.segments.document import Layer

WHO_PURGES = (
    "nothing is purged by hand: Kafka deletes and compacts topics by their settings (`veil topology plan` shows"
    " what differs, `apply` sets it), keeper ends what Vault holds, key administrators end versions of keys"
    " (`veil keys retire`), and two people erase a person (`veil erase`). `veil purge --dry-run` tells whether"
    " anything is overdue"
)
FORMAT = "veilstream-retention/1"


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found at `at` (milliseconds), place by place. `project`: empty for all of them and the platform."""

    project: str
    at: int
    places: tuple[Place, ...]

    @property
    def faults(self) -> tuple[Place, ...]:
        """Where something is wrong."""
        return tuple(it for it in self.places if it.fault is not None)

    def as_json(self) -> dict[str, object]:
        """As `veil purge --dry-run --json` prints it."""
        places = [asdict(it) for it in self.places]
        return {
            "format": FORMAT,
            "project": self.project,
            "at": self.at,
            "faults": len(self.faults),
            "places": places,
        }


def check(root: Path, project: str = "") -> Checked:
    """Of one project, or of all and the platform's topics. What was found is on `audit.platform`, in numbers: that
    comes last and is all that is written, so one that was ended in between has changed nothing, and is begun anew.

    Raises ConfigError, AccessDenied, LogUnavailable, VaultUnavailable, RegistryUnavailable.
    """
    with inspector(root) as around:
        act(around, [], [])  # says that it logs in: in a pod it has already, and what follows may take minutes
        chosen = [around.topology.project(project).name] if project else sorted(around.topology.projects)
        now = around.clock.now()
        places = [
            *_topics(around, ordered(around.topology, project), now),
            *(place for one in chosen for place in _of_project(around, one, now)),
        ]
        checked = Checked(project, now, tuple(places))
        act(around, [], [_said(checked)])
    return checked


def ordered(topology: Topology, project: str) -> list[TopicSpec]:
    """The topics that are looked at, by name: a project's own, or without one all there are."""
    kinds = topology.flow.topics.values()
    own = {kind.topic(project) for kind in kinds if kind.scope is Scope.PROJECT}
    return [spec for spec in topics(topology) if not project or spec.name in own]


def _topics(around: Surroundings, specs: Sequence[TopicSpec], now: int) -> Iterator[Place]:
    admin = KafkaAdmin(around.access.settings())
    there = admin.topics({spec.name for spec in specs})
    extents = admin.extents({spec.name: there[spec.name] for spec in specs if spec.name in there})
    for spec in specs:
        found = there.get(spec.name)
        yield topic_place(spec, found.config if found else None, extents.get(spec.name, {}), now)


def _of_project(around: Surroundings, project: str, now: int) -> Iterator[Place]:
    yield from (_reading(around, reader, now) for reader in readers(around.topology, project))
    opened, retracted = _of_opener(around, project)  # before the segments: `texts_place` says why
    topic = f"segments.{project}"
    messages = list(around.log.read(topic))
    index, lying = Index(), frozenset(opened.segments())
    history = [it for it in _left(messages, index, around.codec) if it.segment_id in lying]
    indexes = index.segments
    yield replaced_place(topic, messages, now)
    said = around.topology.project(project).open_texts
    yield texts_place(f"open.{project}", opened, history, retracted, now, open_texts=said)
    vault, lifetimes = VaultClient(around.vault.session, project), Lifetimes()
    for layer in Layer:
        listed = {path.removeprefix(f"{layer}/") for path in vault.names(layer)}
        yield layer_place(f"Vault veil-{project}/{layer}", listed, indexes, lifetimes, now)
    for folder in HALVES:
        place = f"Vault veil-{project}/{folder}"
        yield halves_place(place, vault.names(folder), indexes.values(), lifetimes, now)
    yield from (_key(around, name, now) for name in wrapping_keys(around.topology.flow, project))


def _of_opener(around: Surroundings, project: str) -> tuple[Opened, Retracted]:
    topic = f"opener-state.{project}"
    opened, retracted = Opened(topic, around.codec), Retracted(topic, around.codec)
    for message in around.log.read(topic):
        _ = opened.apply(message) or retracted.apply(message)
    opened.settle()
    return opened, retracted


def _left(messages: Iterable[Message], index: Index, codec: Codec) -> Iterator[Left]:
    """What each record of `segments.P` has left of its segment, where it can be read; `index` takes them in."""
    for message in messages:
        index.take(message, codec)
        key = (message.key or b"").decode("utf-8", "replace")
        if not key.startswith(EPOCH) and key not in index.unreadable:
            entries = index.segments[key].entries if key in index.segments else ()
            yield Left(key, message.timestamp, frozenset(entry.task_id for entry in entries))


def _reading(around: Surroundings, reader: Reader, now: int) -> Place:
    """Whether a stage is behind by half of the time for which its topic keeps records."""
    read = around.log.read_up_to(reader.group, reader.topic)
    since = around.log.offsets_at(reader.topic, now - reader.retention_ms // 2) if read else {}
    behind = late(read, since)
    unread = sum(since[place] - at for place, at in behind.items())
    why = f"{unread} offsets older than half of the retention are unread" if behind else ""
    return Place(f"{reader.topic} by {reader.group}", unread, fault=Fault.LATE if behind else None, why=why)


def _key(around: Surroundings, name: str, now: int) -> Place:
    versions, limit = around.vault.key_versions(name), around.topology.flow.key_age_ms
    made = versions.created[versions.latest]
    overdue = now > made + limit
    why = f"version {versions.latest} wraps for longer than it may: `veil keys rotate`" if overdue else ""
    return Place(f"key {name}", 1, made, made + limit, Fault.OVERDUE if overdue else None, why)


def _said(checked: Checked) -> Event:
    count = {fault: sum(it.fault is fault for it in checked.places) for fault in Fault}
    details = {"places": str(len(checked.places)), **{fault.value: str(number) for fault, number in count.items()}}
    return Event(EventType.RETENTION_CHECKED, project_resource(checked.project or PLATFORM), details=details)
