"""What a span may hold, said in this one place: members of these enums, ids made by hash, and numbers.

There is no field for a text. Roles, projects and slots are names of the topology, said once a request (`Source`).
`tests/streams/engine/traces/test_spans.py` walks the types.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from streams.engine.traces.ids import SpanId, TraceId


class Topic(StrEnum):
    """Topics on a record's way. Others are not told of: `scores.P` and who reads `joined.P` would say which tasks
    are gold, and `label-state.P` when a person works.
    """

    RAW = "raw"
    AGAIN = "again"
    TASKS = "tasks"
    WORK = "work"
    LABELS = "labels"
    VERDICTS = "verdicts"


class Act(StrEnum):
    """What a span is about. `WAITING`: a raw record on its topic, by whose name it goes. `RECORD`: one task's way
    through one batch, called by its stage's role.
    """

    WAITING = "waiting"
    RECORD = "record"
    BATCH = "batch"
    PROCESS = "process"
    DOCUMENTS = "documents to Vault"
    TRANSACTION = "transaction"


class Outcome(StrEnum):
    """How a round ended. Why is in the process's own log."""

    COMMITTED = "committed"
    ABORTED = "aborted"
    IN_DOUBT = "in doubt"
    FENCED = "fenced"
    VAULT_UNAVAILABLE = "vault unavailable"
    LOG_UNAVAILABLE = "log unavailable"
    REGISTRY_UNAVAILABLE = "registry unavailable"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Source:
    """The process that tells: names of the topology, which topology checks, and whose clock it goes by."""

    role: str
    project: str
    slot: str
    clock: bytes = b""
    """Processes on one machine, and no others, have the same: a hash, new whenever it boots. Empty: not known."""


@dataclass(frozen=True, slots=True)
class Link:
    """Another span that this one has to do with."""

    trace: TraceId
    span: SpanId


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken of a partition: offsets `first` ≤ o < `next`, so many records among them."""

    topic: Topic
    partition: int
    first: int
    next: int
    records: int


@dataclass(frozen=True, slots=True)
class Span:
    """One span. Times in nanoseconds since the epoch; `waited_ms`: how long its last record lay on its topic."""

    trace: TraceId
    id: SpanId
    parent: SpanId | None
    act: Act
    began: int
    ended: int
    outcome: Outcome
    taken: tuple[Taken, ...] = ()
    links: tuple[Link, ...] = ()
    epoch: int | None = None
    round: int | None = None
    documents: int | None = None
    vault_calls: int | None = None
    vault_ms: int | None = None
    waited_ms: int | None = None
