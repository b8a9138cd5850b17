"""What the sealer decides: how a log grows by records, and when a checkpoint of it is due. Pure.

The tree of a log is where the records of one audit partition stand, in the partition's order, whatever they hold
(see `entries`). How they came in batches leaves no trace in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from schemas.states import SealedLog
from streams.audit.checkpoint import Checkpoint
from streams.audit.entries import entry_of
from streams.audit.tree import Frontier, leaf_hash
from streams.engine.messages import Message, TopicPartition


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When a log that has grown gets a checkpoint: after so many entries or milliseconds, whichever is first.

    A checkpoint costs a signature in Vault (1–2 ms) and 250 bytes on a topic; whoever waits for one waits a second
    and a round of the loop, at most a quarter.
    """

    entries: int = 1_000
    after_ms: int = 1_000


def begun(place: TopicPartition, origin: str) -> SealedLog:
    """The log of a partition of which nothing is sealed."""
    return SealedLog(place.topic, place.partition, origin, 0, (), 0, 0, 0)


def follows(name: str, before: str) -> bool:
    """Whether a log's name says that it comes after the one of this name: `<name>-r…`, as a restore prints it."""
    return name.startswith(f"{before}-r")


def name_of(log: SealedLog) -> str:
    """What its origin begins with."""
    return log.origin.removesuffix(f"/{log.topic}/{log.partition}")


def fresh(log: SealedLog, messages: Sequence[Message]) -> Sequence[Message]:
    """Those that are no entries yet. Kafka forgets a group's positions after a week without it (the stages were
    stopped, the broker was not); then all comes again, and the log itself says where it ends.
    """
    return [message for message in messages if message.offset >= log.next_offset]


def grown(log: SealedLog, messages: Sequence[Message], prefixes: Mapping[int, bytes]) -> SealedLog:
    """The log with these records of its partition at its end. `prefixes`: see `entries.entry_of`."""
    messages = fresh(log, messages)
    if not messages:
        return log
    leaves = [leaf_hash(entry_of(message.value, prefixes).data) for message in messages]
    tree, last = _tree(log).append(leaves), messages[-1]
    known_by = digest_of(last)
    return replace(log, size=tree.size, nodes=tree.nodes, next_offset=last.offset + 1, last=known_by)


def digest_of(message: Message) -> str:
    """By which a record is known again: of its bytes as they lie there, whatever a registry says of them."""
    return hashlib.sha256(message.value or b"").hexdigest()


def is_due(log: SealedLog, now: int, rhythm: Rhythm) -> bool:
    """Whether the log gets a checkpoint now (ms). A clock that was set back is no reason to wait for it."""
    more, passed = log.size - log.checkpoint_size, now - log.checkpoint_at
    return more > 0 and (more >= rhythm.entries or not 0 <= passed < rhythm.after_ms)


def checkpoint_of(log: SealedLog) -> Checkpoint:
    """What the log says of itself as it is."""
    return Checkpoint(log.origin, log.size, _tree(log).root())


def checkpointed(log: SealedLog, now: int) -> SealedLog:
    """The log after `checkpoint_of` it was signed."""
    return replace(log, checkpoint_size=log.size, checkpoint_at=now)


def _tree(log: SealedLog) -> Frontier:
    return Frontier(log.size, log.nodes)
