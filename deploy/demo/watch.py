"""The harness looks at everything: counts what moves along, notes what became of each record, hunts canaries.

It reads as the administrator does, which no process of the product may.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from deploy.demo.failure import DemoFailed
from deploy.demo.measuring import MIB
from deploy.demo.search import CanarySearch, Hit
from deploy.local.endpoints import KafkaEndpoint
from schemas.audit import AuditEvent, EventType, OffsetOutcome, RawOutcome
from schemas.codec import Codec
from schemas.errors import Undecodable
from schemas.records import RawReference
from schemas.resources import task_ids
from streams.engine.kafka import KafkaLog
from streams.engine.kafka_access import KafkaAccess
from streams.engine.messages import Message
from topology.loading import Topology
from topology.topics import topics

POLL_LIMIT = 500
POLL_S = 0.2
LOOK_S = 0.1
"""How often a waiting harness looks again: often enough that progress seems smooth."""
READ_TO_END_S = 30.0
"""The rest of all topics is read in under a second; longer is an outage."""


class PatientAccess(KafkaAccess):
    """Fetches every quarter of a second, not with every record: one fetch names all of some sixty partitions, and
    the broker, cold and on two cores, has better things to do than to answer two hundred of them a second.
    """

    def settings(self) -> dict[str, Any]:
        return KafkaAccess.settings(self) | {"fetch.min.bytes": 4 * MIB, "fetch.wait.max.ms": 250}


@dataclass(slots=True)
class Seen:
    """What has been read so far. One thread writes it; counts and sets may be read by others meanwhile."""

    counts: Counter[str] = field(default_factory=Counter)
    """Messages by kind of topic (`raw`, `tasks`, …); of `joined` and `tasks` each key once."""
    outcomes: dict[tuple[str, int, int], OffsetOutcome] = field(default_factory=dict)
    """What each raw offset became, as the audit says."""
    joined: set[bytes] = field(default_factory=set)
    """Task ids on `joined.P`."""
    scored: int = 0
    """Verdicts on gold, as the audit says; they are joined nowhere."""
    withdrawn_by: set[str] = field(default_factory=set)
    """Processes that have said that they let go of a withdrawn task."""
    in_force: set[str] = field(default_factory=set)
    """Processes that have taken up a policy."""
    hits: set[Hit] = field(default_factory=set)
    messages: int = 0

    @property
    def tasks(self) -> int:
        """How many records became tasks, as the audit says; `counts["tasks"]` may lag a moment behind."""
        return sum(one.outcome is RawOutcome.TASK for one in self.outcomes.values())

    @property
    def settled(self) -> int:
        """How many verdicts have come to their end: joined, or scored."""
        return len(self.joined) + self.scored

    def outcome(self, place: RawReference) -> OffsetOutcome | None:
        """What a raw record became; None: not yet told."""
        return self.outcomes.get((place.topic, place.partition, place.offset))


class Watch:
    """Follows every topic in a thread of its own, from the beginning to the end."""

    def __init__(self, kafka: KafkaEndpoint, topology: Topology, codec: Codec, search: CanarySearch) -> None:
        access = PatientAccess(
            kafka.bootstrap, kafka.ca_file, kafka.admin_user, kafka.client_settings()["sasl.password"]
        )
        self._follower = KafkaLog(access).follow([topic.name for topic in topics(topology)])
        self._codec = codec
        self._search = search
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="demo-watch", daemon=True)
        self.seen = Seen()

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def wait(self, done: Callable[[Seen], bool], limit_s: float, what: str, look: Callable[[Seen], Any]) -> None:
        """Until `done`; `look` is called again and again meanwhile. Raises DemoFailed after `limit_s` seconds."""
        deadline = time.monotonic() + limit_s
        while not done(self.seen):
            look(self.seen)
            if self._error is not None:
                raise DemoFailed("the harness could not read the topics") from self._error
            if time.monotonic() > deadline:
                raise DemoFailed(f"{what} did not happen within {limit_s:.0f} s; the logs say why")
            self._stop.wait(LOOK_S)
        look(self.seen)

    def finish(self) -> Seen:
        """Read what is left, up to the end as it is now; everything seen."""
        self._stop.set()
        self._thread.join(READ_TO_END_S)
        if self._thread.is_alive() or self._error is not None:
            raise DemoFailed("the harness could not read all topics to their end") from self._error
        return self.seen

    def close(self) -> None:
        """Stop reading, wherever it is."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(READ_TO_END_S)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._take(self._follower.poll(POLL_LIMIT, POLL_S))
            while messages := self._follower.poll(POLL_LIMIT, POLL_S):
                self._take(messages)
        except BaseException as error:  # noqa: BLE001 - told by `wait` and `finish`
            self._error = error
        finally:
            self._follower.close()

    def _take(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.seen.messages += 1
            self._look_for_canaries(message)
            kind = message.topic.partition(".")[0]
            if kind == "joined" and message.value is not None:  # what is withdrawn is taken back by a tombstone
                self.seen.joined.add(message.key or b"")
            elif kind == "joined":
                self.seen.joined.discard(message.key or b"")
            if kind == "audit" and message.topic != "audit.platform":
                self._note(message)
            self.seen.counts[kind] += 1

    def _look_for_canaries(self, message: Message) -> None:
        headers = b"\n".join(name.encode() + b"=" + value for name, value in message.headers.items())
        data = b"\n".join((message.key or b"", headers, message.value or b""))
        self.seen.hits |= self._search.in_bytes(data, f"{message.topic}[{message.partition}]")

    def _note(self, message: Message) -> None:
        try:
            event = self._codec.decode(message.value, AuditEvent)
        except Undecodable:
            return  # the verification of the export says so
        if event.batch is not None:
            place = event.batch.topic, event.batch.partition
            self.seen.outcomes.update({(*place, one.offset): one for one in event.batch.outcomes})
        elif event.type is EventType.GOLD_SCORED:
            self.seen.scored += 1
        elif event.type is EventType.TASK_WITHDRAWN and task_ids(event):
            self.seen.withdrawn_by.add(event.process)
        elif event.type is EventType.CONTROL_APPLIED and event.resource.startswith("control/policy/"):
            self.seen.in_force.add(event.process)
