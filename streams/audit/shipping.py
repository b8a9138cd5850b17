"""The shipper: what Vault's and Kafka's own logs say, line by line and exactly once, onto `vault-log`.

Where each file was left is in `shipper-state`, in the transaction that carries what its lines said. So whatever
fails, the lines are read again from where the log says, and none is lost or comes twice. It opens nothing, and
judges nothing.

A line that is none, and lines that are lost (a file was cut, or is gone before it was read), go onto the log as a
use of which nothing is known: whoever can damage these files is not to go unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from schemas.codec import Codec
from schemas.states import FollowedFile
from schemas.vault_log import (
    DENIED,
    READ_UP_TO,
    USE,
    KafkaDenied,
    Operation,
    Outcome,
    ReadUpTo,
    VaultUse,
)
from streams.audit import kafka_log, metrics, vault_log
from streams.audit.vault_log import Unreadable
from streams.engine.messages import Message, Outgoing
from streams.engine.processor import Batch, Plan, Slot
from streams.engine.state import KeyedState

TOPIC = "vault-log"
STATE = "shipper-state"
PREFIX = "file/"
VAULT, KAFKA = "vault", "kafka"
SKEW_MS = 1_000
"""How late a line may be in its file: Vault writes it before it answers, on the clock of this machine."""
MARK_EVERY_MS = 2_000
"""How often is said up to when Vault's log was read, while it says nothing."""

Said = VaultUse | KafkaDenied | Unreadable | None
PARSERS: Mapping[str, Callable[[bytes], Said]] = MappingProxyType({VAULT: vault_log.parse, KAFKA: kafka_log.parse})


@dataclass(frozen=True, slots=True)
class Piece:
    """The next lines of a file, without their ends, and where to go on. `lost`: why lines before them are missing;
    empty where none is. `at_end`: everything that was there is in this piece or in those before.
    """

    lines: Sequence[bytes]
    place: FollowedFile | None
    at_end: bool
    lost: str = ""


class Lines(Protocol):
    """A log file, followed through rotation."""

    def read(self, place: FollowedFile | None) -> Piece:
        """What comes after `place`, a piece of bounded length. Raises LogUnavailable where it can't be read."""
        ...


class ShipProcessor:
    """All logs of an installation. Implements `streams.engine.processor.Processor`."""

    held: frozenset[str] = frozenset()

    def __init__(self, codec: Codec, files: Mapping[str, Lines]) -> None:
        self._codec = codec
        self._files = files
        self._places = self._no_places()
        self._mark = 0

    def restore(self, slot: Slot, changelog: Iterable[Message]) -> Plan:  # noqa: ARG002 - one slot owns all
        """Go on where each file was left."""
        self._places, self._mark = self._no_places(), 0
        for message in changelog:
            self._places.apply(message)
        return Plan()

    def process(self, batch: Batch) -> Plan:
        """What the next lines of each file say. Raises LogUnavailable."""
        plan = Plan()
        for name, file in self._files.items():
            before = self._places.get(name)
            piece = file.read(before)
            said = list(_said(name, piece, before, batch.now))
            plan.outputs.extend(self._record(it) for it in said)
            plan.outputs.extend(self._marked(piece, said, batch.now) if name == VAULT else ())
            if piece.place is not None and piece.place != before:
                self._places.put(name, piece.place)
            metrics.LINES.labels(name).inc(len(piece.lines))
        plan.outputs.extend(self._places.changes())
        return plan

    def control(self, changed: Sequence[str]) -> Plan:  # noqa: ARG002 - nothing on `control` stops shipping
        """Nothing follows: what happened is shipped, whatever is frozen."""
        return Plan()

    def _record(self, said: VaultUse | KafkaDenied) -> Outgoing:
        key = f"{USE}{said.request_id}" if isinstance(said, VaultUse) else f"{DENIED}{said.identity}"
        return Outgoing(TOPIC, key.encode(), self._codec.encode(said))

    def _marked(self, piece: Piece, said: Sequence[VaultUse | KafkaDenied], now: int) -> Iterator[Outgoing]:
        """Up to when everything that Vault's log says is on `vault-log` with this. The time of what can't be read
        is that of its reading, and says nothing of the lines after it.
        """
        read = (it for it in said if isinstance(it, VaultUse) and it.outcome is not Outcome.UNREADABLE)
        last = max((it.time for it in read if it.time <= now), default=0)
        mark = (now if piece.at_end else last) - SKEW_MS
        if mark > self._mark and (said or mark >= self._mark + MARK_EVERY_MS):
            self._mark = mark
            yield Outgoing(TOPIC, READ_UP_TO.encode(), self._codec.encode(ReadUpTo(mark)))

    def _no_places(self) -> KeyedState[FollowedFile]:
        return KeyedState(STATE, FollowedFile, self._codec, PREFIX)


def _said(name: str, piece: Piece, before: FollowedFile | None, now: int) -> Iterator[VaultUse | KafkaDenied]:
    """Lines one after another that are none are told once: a piece of line ends alone has four million."""
    where = f"{name}@{before.inode}:{before.offset}" if before else f"{name}@0:0"
    if piece.lost:
        yield _unknown(name, piece.lost, f"{where}/lost", now)
    told = False
    for number, line in enumerate(piece.lines):
        said = PARSERS[name](line)
        if isinstance(said, Unreadable):
            if not told:
                yield _unknown(name, "line", f"{where}+{number}", now)
        elif said is not None:
            yield said
        told = isinstance(said, Unreadable)


def _unknown(name: str, what: str, where: str, now: int) -> VaultUse:
    return VaultUse(now, "", Operation.OTHER, f"{name}/{what}", where, Outcome.UNREADABLE)
