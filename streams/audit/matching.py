"""The matcher: the audit of all projects and Vault's own log in, alerts about what nothing announced out.

It knows of no client: `engine.folding` reads and writes. What it keeps is all that it knows and where it has read
up to, together, now and then; so a restart reads again what came since, and comes to the same alerts under the
same ids. An alert is written with the state that knows of it, so none comes twice.

*Marks.* The audit was read completely up to the earliest moment up to which each of its partitions was seen to its
end, less the time that a transaction may take; a partition in which nothing happens holds nobody up. Vault's side
says itself up to when it was read (`ReadUpTo`), since its lines come by way of the shipper: while that one is
away, what Vault did meanwhile waits, unjudged, for its lines to come; and that it is away is an alert of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from schemas.alerts import Alert
from schemas.audit import AuditEvent
from schemas.codec import Codec
from schemas.errors import Reason, Undecodable
from schemas.matching import STANDING, MatchingStanding
from schemas.states import WatchState
from schemas.vault_log import DENIED, READ_UP_TO, USE, KafkaDenied, Operation, Outcome, ReadUpTo, VaultUse
from streams.audit import metrics
from streams.audit.matching_state import Known, restored, to_bytes
from streams.audit.two_sided import WINDOW_MS, TwoSided
from streams.engine.generations import chunked, latest
from streams.engine.messages import Message, Outgoing, TopicPartition
from topology.identity import PERSON, PLATFORM

STATE_TOPIC = "matcher-state"
STANDING_TOPIC = "matching"
VAULT_LOG = "vault-log"
CHECKPOINTS = "checkpoints"
STATE_EVERY_MS = 10_000
"""So much is read again after a crash."""
FOREVER = 2**62


@dataclass(frozen=True, slots=True)
class Waits:
    """How long is waited before a use is judged."""

    window_ms: int = WINDOW_MS
    lateness_ms: int = 30_000
    """How long after its time an event may be appended: a transaction is over after 15 s (DESIGN §4); twice that.
    """
    silence_ms: int = 60_000
    """How long nobody may say up to when Vault's log was read: the shipper does every 2 s, and starts in 5."""


WAITS = Waits()


class Matching:
    """`partitions`: how many the audit of each project has; `log_name`: of the logs that the sealer writes now.
    Implements `streams.engine.folding.Folding`.
    """

    state_topic = STATE_TOPIC

    def __init__(
        self,
        partitions: Mapping[str, int],
        codec: Codec,
        log_name: str,
        state_every_ms: int = STATE_EVERY_MS,
        waits: Waits = WAITS,
    ) -> None:
        self._projects = {f"audit.{name}": name for name in (*partitions, PLATFORM)}
        counts = {f"audit.{name}": count for name, count in partitions.items()}
        announcing = {**counts, f"audit.{PLATFORM}": 1, CHECKPOINTS: 1}
        self._announcing = [TopicPartition(name, at) for name, count in announcing.items() for at in range(count)]
        self._longest = sorted(partitions, key=len, reverse=True)
        """Projects, so that of `a` and `b-a` the key `view-b-a` is the second's."""
        self._codec = codec
        self._ours = f"{log_name}/".encode()
        self._state_every_ms = state_every_ms
        self._waits = waits
        self._known = Known(TwoSided(waits.window_ms))
        self._kept = b""
        self._kept_at = 0
        self._generation = 0
        self._seen: dict[TopicPartition, int] = {}
        """Up to when the end of a partition was seen."""
        self._newest: dict[TopicPartition, int] = {}
        """The time of the newest record of a partition that this process has taken."""
        self._listening_since = 0
        """Since when `vault-log` is heard by this process; before it, silence may have been ours."""
        self._found: list[Alert] = []

    def restore(self, messages: Iterable[Message]) -> None:
        """Take over what was written last, from all of the state topic."""
        states = (self._codec.decode(it.value, WatchState) for it in messages if it.value is not None)
        if (found := latest(states).get(PLATFORM)) is not None:
            self._generation, data = found
            known = restored(data)
            if known is not None and known.sides.window_ms == self._known.sides.window_ms:
                self._known = known

    def positions(self) -> Mapping[TopicPartition, int]:
        """The offset that comes next, of every partition."""
        places = [*self._announcing, TopicPartition(VAULT_LOG, 0)]
        return {place: self._known.next.get(place, 0) for place in places}

    def take(self, message: Message) -> None:
        """Take the next record of a partition; one that was taken before changes nothing. A newer one at an offset
        that was taken is of a topic that was deleted and made again, or has lost its end.
        """
        newest = self._newest.get(message.place, 0)
        if message.offset < self._known.next.get(message.place, 0) and message.timestamp <= newest:
            return
        self._newest[message.place] = max(newest, message.timestamp)
        self._known.next[message.place] = message.offset + 1
        try:
            self._take(message)
        except Undecodable:  # chains and reconciliation tell of what stands on the audit and is no event
            metrics.UNMATCHED.labels(message.topic).inc()
            if message.topic == VAULT_LOG:  # of these nobody else tells
                self._known.sides.use(_unreadable(message))

    def seen_to_the_end(self, place: TopicPartition, time: int) -> None:
        """Nothing was appended to it before `time` that was not taken."""
        self._seen[place] = max(self._seen.get(place, 0), time)
        if place.topic == VAULT_LOG:
            self._listening_since = self._listening_since or time

    def due(self, now: int) -> Iterator[tuple[Outgoing, ...]]:
        """The alerts that follow by now, and now and then the state."""
        known, found = self._known, self._found
        found += known.sides.judge(self._audit_mark(), known.vault_mark)
        found += self._silence()
        for alert in found:
            metrics.ALERTS.labels(alert.rule).inc()
        metrics.JUDGED_UP_TO.set(self._judged_until() / 1000)
        self._found = []
        yield (*(self._written(alert) for alert in found), *self._state(now, due=bool(found)))

    def conclude(self) -> list[Alert]:
        """What would be told if nothing more came, at once: for who has read everything there is."""
        return self._found + self._known.sides.judge(FOREVER, FOREVER)

    def _take(self, message: Message) -> None:
        sides = self._known.sides
        if message.topic == VAULT_LOG:
            self._take_from_vault(message)
        elif message.topic == CHECKPOINTS:
            sides.checkpoint(message.timestamp, made_now=(message.key or b"").startswith(self._ours))
        else:
            sides.announce(self._codec.decode(message.value, AuditEvent), self._projects[message.topic])

    def _take_from_vault(self, message: Message) -> None:
        key = (message.key or b"").decode("utf-8", "replace")
        if key.startswith(USE):
            self._known.sides.use(self._codec.decode(message.value, VaultUse))
        elif key.startswith(DENIED):
            self._found += self._known.sides.denied(self._codec.decode(message.value, KafkaDenied))
        elif key == READ_UP_TO:
            mark = self._codec.decode(message.value, ReadUpTo).time
            self._known.sides.heard.known_from(mark)
            self._known.vault_mark = max(self._known.vault_mark, mark)
        else:
            raise Undecodable(Reason.UNDECODABLE)

    def _silence(self) -> list[Alert]:
        """Where `vault-log` was read to its end all the time, and nobody has said anything for too long."""
        heard = self._seen.get(TopicPartition(VAULT_LOG, 0), 0)
        since = max(self._known.vault_mark, self._listening_since)
        if not self._listening_since or heard - since <= self._waits.silence_ms:
            return []
        return self._known.sides.not_shipped(self._known.vault_mark or since, heard)

    def _audit_mark(self) -> int:
        return max(0, min(self._seen.get(place, 0) for place in self._announcing) - self._waits.lateness_ms)

    def _judged_until(self) -> int:
        return max(0, min(self._audit_mark() - self._waits.window_ms, self._known.vault_mark))

    def _standing(self, now: int) -> MatchingStanding:
        sides, vault_mark = self._known.sides, self._known.vault_mark
        return MatchingStanding(
            now, self._judged_until(), self._audit_mark(), vault_mark, len(sides.uses), sides.matched, sides.told
        )

    def _written(self, alert: Alert) -> Outgoing:
        return Outgoing(self._topic(alert), alert.alert_id.encode(), self._codec.encode(alert))

    def _topic(self, alert: Alert) -> str:
        """Of the project whose process it was, or whose documents or keys; else of the platform."""
        role, _, place = alert.details.get("identity", "").partition(".")
        target = alert.details.get("target", "").partition("/")[0]
        if role != PERSON and place in self._projects.values():
            return f"alerts.{place}"
        return f"alerts.{next((it for it in self._longest if target.endswith(f'-{it}')), PLATFORM)}"

    def _state(self, now: int, *, due: bool) -> Iterator[Outgoing]:
        """What is known, where it is something else than was kept last, and what it amounts to."""
        if not due and now - self._kept_at < self._state_every_ms:
            return
        data = to_bytes(self._known)
        self._kept_at = now
        if data == self._kept:
            return
        self._kept, self._generation = data, self._generation + 1
        for chunk in chunked(data, PLATFORM, self._generation):
            yield Outgoing(STATE_TOPIC, chunk.key.encode(), self._codec.encode(chunk))
        yield Outgoing(STANDING_TOPIC, STANDING.encode(), self._codec.encode(self._standing(now)))


def _unreadable(message: Message) -> VaultUse:
    """A record by the shipper that says nothing the matcher knows: what it stood for can't be known."""
    where = f"{message.topic}@{message.offset}"
    return VaultUse(message.timestamp, "", Operation.OTHER, "shipper/record", where, Outcome.UNREADABLE)
