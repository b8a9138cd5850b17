"""The seam to Kafka: a slot's session (consumer and transactional producer in one) and readers of whole topics.

Two implementations: `streams.engine.kafka.KafkaLog` and the simulator's; both pass `tests/contract/log`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Protocol

from streams.engine.messages import Message, Outgoing, TopicPartition

FROM_THE_BEGINNING: Mapping[TopicPartition, int] = MappingProxyType({})
"""Nothing of a topic was read yet."""


class Ownership(Enum):
    """How partitions come to a slot."""

    SHARED = "shared"
    """By the consumer group: run more processes to scale. Fenced by group generation (KIP-447)."""
    WHOLE = "whole"
    """All partitions, always: one active owner a project. Fenced by its `transactional.id`."""


@dataclass(frozen=True, slots=True)
class SessionSpec:
    """Who reads what. `transaction_timeout_ms`: an open transaction of a killed owner holds readers up so long.
    `by_turns`: two transactional ids, so that no transaction waits for the markers of the one before; only for a
    sole owner (decisions/0004).
    """

    transactional_id: str
    group: str
    inputs: tuple[str, ...]
    ownership: Ownership
    transaction_timeout_ms: int = 15_000
    by_turns: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError."""
        if self.by_turns and self.ownership is not Ownership.WHOLE:
            raise ValueError("two transactional ids by turns are for a sole owner: a group's member has one place")

    @property
    def second_id(self) -> str | None:
        """The other transactional id, where there is one. The same rights hold for it: it begins alike."""
        return f"{self.transactional_id}.b" if self.by_turns else None


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """Offsets `first` ≤ o < `next` of a partition that were gone before their reader came to them."""

    place: TopicPartition
    first: int
    next: int


class Session(Protocol):
    """One incarnation of a slot. Not thread-safe. Reads committed data only.

    Every call may raise LogUnavailable (try again), Fenced (another incarnation took over: stop), AccessDenied.
    """

    def poll(self, limit: int, timeout: float) -> list[Message]:
        """Up to `limit` messages in partition order; waits at most `timeout` seconds for the first one.

        Messages of partitions that are lost meanwhile are left out. Held topics give nothing.
        """
        ...

    def committed(self) -> Mapping[TopicPartition, int]:
        """The committed position of *every* partition owned now: where what is polled next begins.

        A partition without a committed position begins at its first offset.
        """
        ...

    def gaps(self) -> Sequence[Gap]:
        """What of the partitions owned now was deleted before this group read it: its retention was over. Until a
        commit has carried the position past it. A partition that the group never read has none.
        """
        ...

    def overdue(self) -> bool:
        """Whether to commit though nothing has happened: so that the broker knows that what was read reaches over
        the markers behind the last record, and nobody takes them for lost once their retention is over.
        """
        ...

    def remembered(self) -> bool:
        """Whether the broker knows a position of the group on any of its inputs. Asks the broker."""
        ...

    def begin(self) -> None:
        """Begin a transaction."""
        ...

    def produce(self, outgoing: Outgoing) -> None:
        """Add a record to the transaction. Raises Abortable."""
        ...

    def commit(self) -> None:
        """Send the positions of every owned partition with fresh group metadata, then commit.

        A sole owner (`WHOLE`) may leave out positions that have not moved, where it has produced something.

        Raises Abortable (it did not commit), CommitInDoubt (nobody knows), Fenced.
        """
        ...

    def abort(self) -> None:
        """Abort the open transaction, if any. Raises CommitInDoubt where even that is unknown."""
        ...

    def rewind(self) -> None:
        """Go back to the committed position of every owned partition."""
        ...

    def hold(self, topics: frozenset[str]) -> None:
        """Deliver nothing of these topics until the next call; `poll` keeps the membership alive meanwhile.

        With the empty set everything is delivered again, from where delivery stopped.
        """
        ...

    def close(self) -> None:
        """Leave. What is not committed is lost to this incarnation. Never raises."""
        ...


class Follower(Protocol):
    """Reads all partitions of a few topics, from their beginning unless told otherwise, in no group. Not thread-
    safe.
    """

    def poll(self, limit: int, timeout: float) -> list[Message]:
        """Up to `limit` new committed messages; waits at most `timeout` seconds for the first."""
        ...

    def ends(self) -> Mapping[TopicPartition, int]:
        """Where each partition ends now. Asks the broker; LogUnavailable."""
        ...

    def passed(self, ends: Mapping[TopicPartition, int]) -> bool:
        """Whether everything committed before these offsets has been returned by `poll`."""
        ...

    def at_end(self) -> bool:
        """Whether everything committed up to now has been returned by `poll`. Asks the broker; LogUnavailable."""
        ...

    def close(self) -> None:
        """Stop reading. Never raises."""
        ...


class Log(Protocol):
    """A connection under one identity. Thread-safe."""

    def open(self, spec: SessionSpec) -> Session:
        """Fence every earlier incarnation of the transactional id (of both), then start from what is committed."""
        ...

    def read(self, topic: str, after: Mapping[TopicPartition, int] = FROM_THE_BEGINNING) -> Iterator[Message]:
        """Every committed message from the beginning to the end as it is now, in order within a partition; what is
        written while it is read is not among them.

        Tombstones are included. `after`: the offset to begin at, for partitions of which something was read
        before.
        """
        ...

    def follow(self, topics: Sequence[str], after: Mapping[TopicPartition, int] = FROM_THE_BEGINNING) -> Follower:
        """A reader that goes on after the end; `after` as for `read`."""
        ...

    def offsets_at(self, topic: str, time: int) -> Mapping[TopicPartition, int]:
        """Of each partition the first offset, of those still there, that was written at `time` (milliseconds) or
        later; where there is none, its end, open transactions included. Asks the broker; LogUnavailable.
        """
        ...

    def read_up_to(self, group: str, topic: str) -> Mapping[TopicPartition, int]:
        """How far a group has read, of each partition on which it has committed a position: that position, or the
        end behind it where nothing but markers stood between. Asks the broker; LogUnavailable, AccessDenied.
        """
        ...
