"""Standing by: keep a copy of the queue's state warm, know who has the queue, and take over when that one is gone.

Runs in the main thread before the loop does. When `run` says that it is time, the loop opens its session, which
fences whoever was there, says so on the log (`presence.py`), restores from the copy and the little that came
since, and works. What a process that is fenced does: it ends, and is started again as one that stands by
(decisions/0001).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from schemas.codec import Codec
from schemas.errors import DependencyError
from schemas.states import OwnerState
from streams.engine.clock import Clock
from streams.engine.health import Condition, Health
from streams.engine.log import Follower
from streams.engine.messages import Outgoing, TopicPartition
from streams.engine.warm import WarmCopy, WarmLog
from streams.label.owner import PREFIX, Doubt, Instance, Probe, succession
from streams.label.settings import StandbySettings
from streams.label.whereabouts import Whereabouts

log = structlog.get_logger()
BATCH = 1_000
"""Records taken up at a time: a few milliseconds, so that a probe is never late."""


@dataclass(frozen=True, slots=True)
class StandbySeams:
    """What standing by needs from the outside. `follow`: a new reader of the state topic. `probe` asks an owner.
    `prepare`: what takes a dependency and must be done before calls can be passed on; called until it succeeds. It
    raises DependencyError.
    """

    log: WarmLog
    follow: Callable[[], Follower]
    codec: Codec
    clock: Clock
    whereabouts: Whereabouts
    probe: Callable[[OwnerState], Probe]
    prepare: Callable[[], None]


class Standby:
    """One process. Also the loop's `Presence`. `number` is its place among those that stand by."""

    def __init__(
        self,
        slot: str,
        state_topic: str,
        instance: Instance,
        number: int,
        seams: StandbySeams,
        settings: StandbySettings,
    ) -> None:
        self._key = f"{PREFIX}{slot}".encode()
        self._topic = state_topic
        self._instance = instance
        self._seams = seams
        self._settings = settings
        self._doubt = Doubt(settings, number)
        self._copy = WarmCopy(state_topic)
        self._follower: Follower | None = None
        self._caught_up = False
        self._ends: Mapping[TopicPartition, int] | None = None
        self._heard_at = 0
        self._next_look_s = 0.0
        self._next_probe_s = 0.0
        self._owner: OwnerState | None = None

    def run(self, stop: threading.Event, health: Health, keep_up: Callable[[], None]) -> bool:
        """Stand by until it is time to take over (True), or `stop` is set (False)."""
        try:
            while not stop.is_set():
                try:
                    keep_up()
                    if self._round(health):
                        return True
                except DependencyError as error:
                    self._set_back(error, health)
            return False
        finally:
            self._close()

    def entering(self) -> Sequence[Outgoing]:
        """The record that says: here is the queue now."""
        now = self._seams.clock.now()
        silent = self._doubt.silent
        record = succession(self._owner, self._instance, now, self._settings, silent=silent)
        return [Outgoing(self._topic, self._key, self._seams.codec.encode(record))]

    def leaving(self) -> Sequence[Outgoing]:
        """The record that says: nobody has it; somebody else take over at once."""
        return [Outgoing(self._topic, self._key, None)]

    def _round(self, health: Health) -> bool:
        self._seams.prepare()
        self._follow(self._settings.follow_s)
        self._look_for_the_end()
        if not self._caught_up:
            health.set(Condition.STARTING, "reading the state of the queue")
            return False
        self._look()
        self._probe()
        self._say(health)
        if not self._doubt.sure(self._seams.clock.monotonic()) or self._another_came():
            return False
        log.info("taking_over", after=self._owner.instance if self._owner else "nobody")
        health.set(Condition.STARTING, "taking over")
        copy, self._copy = self._copy, WarmCopy(self._topic)  # the loop knows this object for as long as it runs
        self._seams.log.keep(copy)
        self._seams.whereabouts.entering()
        return True

    def _follow(self, timeout_s: float) -> bool:
        """Take up what is new; whether there was anything."""
        if self._follower is None:
            self._follower = self._seams.follow()
        messages = self._follower.poll(BATCH, timeout_s)
        for message in messages:
            self._copy.apply(message)
        return bool(messages)

    def _look_for_the_end(self) -> None:
        """Now and then: does the copy hold all that was there a moment ago? One that did not for long is made
        anew.
        """
        now_s, now = self._seams.clock.monotonic(), self._seams.clock.now()
        if self._caught_up and now - self._heard_at > self._settings.stale_copy_ms:
            self._begin_anew()
        if self._follower is None:
            return
        if self._ends is None and now_s >= self._next_look_s:
            self._ends, self._next_look_s = self._follower.ends(), now_s + self._settings.heard_every_s
        if self._ends is not None and self._follower.passed(self._ends):
            self._ends, self._caught_up, self._heard_at = None, True, now

    def _look(self) -> None:
        """Who has the queue, by the log. Not one that was where this process is now: it would pass calls to
        itself.
        """
        message = self._copy.get(self._key)
        value = message.value if message else None
        self._owner = None if value is None else self._seams.codec.decode(value, OwnerState)
        self._doubt.look(self._owner, self._seams.clock.monotonic())
        here = self._owner is not None and self._owner.url == self._instance.url
        self._seams.whereabouts.owned_by(None if here else self._owner)

    def _probe(self) -> None:
        if self._owner is None or self._seams.clock.monotonic() < self._next_probe_s:
            return
        found = self._seams.probe(self._owner)
        now_s = self._seams.clock.monotonic()
        self._doubt.note(found, now_s)
        pause_s = self._settings.probe_again_s if self._doubt.open else self._settings.probe_every_s
        self._next_probe_s = now_s + pause_s

    def _say(self, health: Health) -> None:
        """It is well where somebody has the queue: where nobody has, whoever waits for the stage must wait on."""
        if self._owner is None:
            health.set(Condition.STARTING, "nobody has the queue")
        elif self._doubt.heard:
            health.set(Condition.STANDING_BY, f"the queue is at {self._owner.url}")
        else:
            health.set(Condition.STARTING, f"the queue is at {self._owner.url}, which does not answer")

    def _another_came(self) -> bool:
        """The last look before acting: what the log has said meanwhile. Where it goes on and on, somebody writes
        it.
        """
        before = self._owner
        for _ in range(self._settings.last_looks):
            if not self._follow(self._settings.follow_s):
                self._look()
                return self._owner != before
        return True

    def _set_back(self, error: DependencyError, health: Health) -> None:
        """The log or Vault does not answer: nothing is known of the owner, so nobody is challenged."""
        health.set(Condition.WAITING, str(error))
        self._seams.clock.wait(self._settings.probe_limit_s)

    def _begin_anew(self) -> None:
        self._close()
        self._copy = WarmCopy(self._topic)
        self._caught_up, self._ends, self._next_look_s = False, None, 0.0

    def _close(self) -> None:
        if self._follower is not None:
            self._follower.close()
            self._follower = None
