"""What a stage is to the loop: it takes a batch and returns a plan. No Kafka, no transaction, no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from schemas.audit import Event
from streams.engine.messages import Message, Outgoing, TopicPartition

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Slot:
    """Who this process is: `name` stays over restarts (`redact.demo.0`), `epoch` rises with each."""

    name: str
    epoch: int
    process: str
    project: str


@dataclass(frozen=True, slots=True)
class Request(Generic[T]):
    """Something a person asks of the stage (label's HTTP calls). `answer` is called once, after the commit
    that carries the decision, with the result, or with the exception that prevented it.
    """

    command: T
    answer: Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Batch:
    """What one round works on. `now` is in milliseconds."""

    messages: Sequence[Message]
    requests: Sequence[Request[Any]]
    positions_before: Mapping[TopicPartition, int]
    """The next offset of each owned partition before this batch: where an audit event's coverage begins."""
    now: int

    def by_partition(self) -> dict[TopicPartition, list[Message]]:
        """The messages, grouped by the partition they came from, in order."""
        groups: dict[TopicPartition, list[Message]] = {}
        for message in self.messages:
            groups.setdefault(message.place, []).append(message)
        return groups


@dataclass(slots=True)
class Plan:
    """What is to be committed, all or nothing, and what follows from it.

    `documents` are written to Vault before the transaction begins, so that nothing on the log names a
    segment that does not exist. `answers` are given after the commit; where there is none, every one of
    them is given a VeilError instead.
    """

    documents: list[tuple[str, bytes]] = field(default_factory=list)
    outputs: list[Outgoing] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    answers: list[tuple[Request[Any], Any]] = field(default_factory=list)
    after: list[Callable[[], None]] = field(default_factory=list)
    """Idempotent work that must follow the commit and may be repeated after a crash (keeper's destroying)."""
    notice: str | None = None
    """What a person should know of a stage that works (why it holds records); None: as said before."""
    stands: bool | None = None
    """Whether what came waits for people: a freeze, no policy in force, a review that is over; None: as before."""

    @property
    def empty(self) -> bool:
        """Nothing to write and nobody to answer."""
        return not (self.documents or self.outputs or self.events or self.answers or self.after)


class Processor(Protocol):
    """One stage. Called by one thread only.

    Whatever it keeps in memory must be rebuilt by `restore`: after any failure the loop throws the memory
    away and restores from the changelog. Its state changes go into `Plan.outputs` (see `KeyedState`).
    May raise VaultUnavailable or RegistryUnavailable at any point (no transaction is open): the loop rewinds,
    backs off and tries the same messages again. A record that is bad on its own is the processor's to refuse.
    """

    @property
    def held(self) -> frozenset[str]:
        """Input topics whose messages are to wait on the log for now (back-pressure: the topic is the backlog)."""
        ...

    def restore(self, slot: Slot, changelog: Iterable[Message]) -> Plan:
        """Forget everything; take over the state in `changelog` (latest record a key wins, tombstones
        remove); begin the epoch. The plan returned is committed before the first batch.
        """
        ...

    def process(self, batch: Batch) -> Plan:
        """What follows from the batch. Also called with an empty batch at least every second, for what
        time brings (expired leases, purges).
        """
        ...

    def control(self, changed: Sequence[str]) -> Plan:
        """The control keys in `changed` have a new state in force (`ControlView`, shared with the loop)."""
        ...


class State(Protocol):
    """Anything with changes to commit."""

    def changes(self) -> list[Outgoing]:
        """Changes since the last call, as records for the changelog; empties the list."""
        ...
