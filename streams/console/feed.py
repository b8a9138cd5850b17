"""Reads what the console shows: the newest of each topic at the start, then what comes. The process's main thread.

A topic is read in no group and to no end, so a restart reads the newest anew: nothing has to be kept.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import structlog

from schemas.alerts import Alert
from schemas.audit import AuditEvent
from schemas.codec import Codec
from schemas.errors import DependencyError, Undecodable
from schemas.matching import STANDING, MatchingStanding
from schemas.metrics import Metric
from streams.console.board import Board
from streams.console.seals import Checkpoint
from streams.console.settings import ConsoleSettings
from streams.engine.clock import Clock
from streams.engine.health import Condition, Health
from streams.engine.log import Follower, Log
from streams.engine.messages import Message, TopicPartition
from topology.identity import PLATFORM

POLL = 500
POLL_S = 0.2
AGAIN_S = 1.0
"""After a part did not answer."""
CHECKPOINTS = "checkpoints"
MATCHING = "matching"
Take = Callable[[Message], None]
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class FeedSeams:
    """What it needs. `depth`: how many records of each partition to begin before the end, by topic; `note`: a
    record of `checkpoints` checked, None where the pinned sealer has not signed it; `control`: takes up what is
    new on `control`, and whether it has heard its end.
    """

    log: Log
    codec: Codec
    clock: Clock
    board: Board
    depth: Mapping[str, int]
    note: Callable[[Message], Checkpoint | None]
    control: Callable[[], bool]


class Feed:
    """Run by one thread; `ready` from any."""

    def __init__(self, seams: FeedSeams, health: Health) -> None:
        self._seams = seams
        self._health = health
        self._at: dict[TopicPartition, int] = {}
        self._waiting: deque[Message] = deque()
        self._ready = threading.Event()
        self._take: dict[str, Take] = {
            "audit": self._event,
            "metrics": self._metric,
            "alerts": self._alert,
            CHECKPOINTS: self._checkpoint,
            MATCHING: self._standing,
        }

    @property
    def ready(self) -> bool:
        """Whether everything that was there at the start was read."""
        return self._ready.is_set()

    def run(self, stop: threading.Event) -> None:
        """Until told to stop. A part that does not answer is waited for; raises AccessDenied, and whatever is a
        bug.
        """
        while not stop.is_set():
            try:
                self._follow(stop)
            except DependencyError as error:
                self._health.set(Condition.WAITING, str(error))
                self._seams.clock.wait(AGAIN_S)

    def _follow(self, stop: threading.Event) -> None:
        follower = self._opened()
        self._waiting.clear()  # what was read and not taken up is read again
        try:
            ends = follower.ends()
            while not stop.is_set():
                heard = self._seams.control()
                self._waiting.extend(follower.poll(POLL, POLL_S))
                self._take_up()
                if heard and follower.passed(ends):
                    self._ready.set()
                    self._health.set(Condition.WORKING)
        finally:
            follower.close()

    def _opened(self) -> Follower:
        """At the first time near the end; later where it was."""
        topics = list(self._seams.depth)
        if not self._at:
            probe = self._seams.log.follow(topics)
            try:
                ends = probe.ends()
            finally:
                probe.close()
            self._at = {place: max(0, end - self._seams.depth[place.topic]) for place, end in ends.items()}
        return self._seams.log.follow(topics, self._at)

    def _take_up(self) -> None:
        """In order; one that the registry can't explain now stays for the next time."""
        while self._waiting:
            message = self._waiting[0]
            try:
                self._take[message.topic.partition(".")[0]](message)
            except Undecodable:
                self._seams.board.unreadable()
            self._waiting.popleft()
            self._at[message.place] = message.offset + 1

    def _event(self, message: Message) -> None:
        self._seams.board.event(message, self._seams.codec.decode(message.value, AuditEvent))

    def _metric(self, message: Message) -> None:
        metric = self._seams.codec.decode(message.value, Metric)
        if message.topic == f"metrics.{metric.project}":
            self._seams.board.metric(metric)

    def _alert(self, message: Message) -> None:
        project = message.topic.partition(".")[2]
        self._seams.board.alert(project, self._seams.codec.decode(message.value, Alert), message.timestamp)

    def _checkpoint(self, message: Message) -> None:
        place = (message.key or b"").decode("utf-8", "replace")
        self._seams.board.checkpoint(place, self._seams.note(message), message.timestamp)

    def _standing(self, message: Message) -> None:
        if message.key == STANDING.encode():
            self._seams.board.matching(self._seams.codec.decode(message.value, MatchingStanding))


def depths(projects: Iterable[str], settings: ConsoleSettings) -> dict[str, int]:
    """How far back to begin, by topic: of all projects and the platform."""
    places = [*sorted(projects), PLATFORM]
    return {
        **{f"audit.{place}": settings.tail_read for place in places},
        **{f"metrics.{place}": settings.windows_read for place in places if place != PLATFORM},
        **{f"alerts.{place}": settings.alerts_read for place in places},
        CHECKPOINTS: settings.checkpoints_read,
        MATCHING: settings.standings_read,
    }
