"""The flow as values: what `flow.yaml` declares, checked and immutable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Scope(StrEnum):
    """Of what there is one: a topic or process for each project, for the platform, or for each person."""

    PROJECT = "project"
    PLATFORM = "platform"
    PERSON = "person"


class Cleanup(StrEnum):
    """Kafka's `cleanup.policy`."""

    DELETE = "delete"
    COMPACT = "compact"


class Content(StrEnum):
    """What someone sees who can open a topic or a document."""

    METADATA = "metadata"
    """Ids, offsets, outcomes, labels: nothing of a record's text."""
    GEOMETRY = "geometry"
    """Where in a raw record something lies, never what."""
    SANITIZED = "sanitized"
    """What redaction lets an annotator see."""
    RAW = "raw"


class DocumentRight(StrEnum):
    """What may be done with the documents of a folder; `update` includes destroying older versions."""

    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class TopicKind:
    """A kind of topic. `retention_ms` is the default, None where the topic is compacted.

    `keeps_all`: compacted in name only; each record that was ever written stays. `by_place`: read record by
    record, at the places that documents in Vault name. `records`: the types of record
    (`schemas.catalog`) that lie there; none where what lies there is no Avro.
    """

    name: str
    scope: Scope
    holds: Content
    opened_by: tuple[str, ...]
    folder: str | None
    cleanup: Cleanup
    retention_ms: int | None
    keeps_all: bool
    feedback: bool
    records: tuple[str, ...]
    by_place: bool = False
    compacted_within_ms: int | None = None
    """Of a compacted topic: after what time at most Kafka lets go of what was replaced; None: as usual."""
    taken_back: bool = False
    """Whether others keep the content that they read there, and only a tombstone tells them to let go of it: so on
    every compacted topic with content that is no role's state. A state's owner reads it from the beginning.
    """

    def topic(self, project: str) -> str:
        """The topic's name, `<kind>.<project>`; the platform's topics are named as their kind."""
        return self.name if self.scope is Scope.PLATFORM else f"{self.name}.{project}"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of a project's mount; `opened_by` are the keys that together open what it holds."""

    name: str
    holds: Content
    opened_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VaultRights:
    """What a role may do in Vault, by key kind and folder."""

    datakey: tuple[str, ...] = ()
    encrypt: tuple[str, ...] = ()
    decrypt: tuple[str, ...] = ()
    hmac: tuple[str, ...] = ()
    sign: bool = False
    documents: Mapping[str, tuple[DocumentRight, ...]] = field(default_factory=dict)
    own: Mapping[str, tuple[DocumentRight, ...]] = field(default_factory=dict)
    """The same, of a person, in the part of a folder that bears their name."""
    wraps: bool = False
    rewrap: tuple[str, ...] = ()
    rewrap_hmac: tuple[str, ...] = ()
    inspect: bool = False
    """Read how old all keys of the project that wrap are."""
    administer: bool = False
    """Rotate these, raise their minimum versions, destroy older ones."""


@dataclass(frozen=True, slots=True)
class Role:
    """One role. `reads` and `writes` include its state topic."""

    name: str
    does: str
    scope: Scope
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    state: str | None
    group: bool
    transactions: bool
    vault: VaultRights
    sees: frozenset[Content]
    releases: frozenset[Content]
    brings: frozenset[Content]
    served_by: str | None
    provisions: bool
    ends_credentials: bool
    keeps_secret: bool = False
    """What it logs in to Vault with lies in its file: others start it, where nothing can be handed over."""
    starts_processes: bool = False
    """It may have a login made, wrapped, for each process that is handed one."""
    backs_up: bool = False
    measures: bool = False
    """Whether it may ask how far the stages of its project have read, and where its topics begin and end."""
    checks: bool = False
    """Whether it may ask how every topic is set, where it begins and ends, and of which time its records are."""
    signed_in: VaultRights = field(default_factory=VaultRights)
    """What a person may do in Vault beside `vault` right after password and second factor."""


@dataclass(frozen=True, slots=True)
class ControlRule:
    """Whose signatures put a record under a control prefix in force."""

    prefix: str
    roles: tuple[str, ...]
    each: bool
    alone: tuple[str, ...] = ()
    """Roles of which one suffices, whatever `each` says."""

    @property
    def signatures(self) -> int:
        """How many signatures, by different signers, it takes."""
        return len(self.roles) if self.each else 1


@dataclass(frozen=True, slots=True)
class Flow:
    """All of `flow.yaml`. Topics stand in the order data passes through them."""

    topics: Mapping[str, TopicKind]
    keys: tuple[str, ...]
    hmac: tuple[str, ...]
    key_age_ms: int
    """How long one version of a key that wraps may be the latest."""
    folders: Mapping[str, Folder]
    roles: Mapping[str, Role]
    control: Mapping[str, ControlRule]
