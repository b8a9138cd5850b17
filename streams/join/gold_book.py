"""What is true of synthetic records, from `gold.P` read to its end: by the place of the raw record.

Which records are gold is known to nobody who stands before the verdict; here it is needed to keep them from
`joined.P`. So a batch waits until `gold.P` is read to its end: truth is committed together with its record, long
before there is a verdict on it. It is kept as the bytes it came in for as long as the process runs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from schemas.audit import Event
from schemas.codec import Codec
from schemas.errors import LogUnavailable, Reason, RecordError, Refused, Undecodable
from schemas.gold import GoldTruth
from schemas.records import RawReference
from schemas.resources import raw_reference
from streams.engine.clock import Clock
from streams.engine.log import Follower
from streams.engine.messages import Message
from streams.engine.refusals import refused

POLL_LIMIT = 1_000
POLL_S = 0.2
CATCH_UP_S = 120.0
"""For so long a batch waits for the end of gold. A consumer that lets `max.poll.interval.ms` (300 s) pass between
two polls loses its partitions, reads the batch again, and never ends.
"""


class GoldBook:
    """Follows `gold.P`. Not thread-safe. Memory: 0.9 kB a record (the demo's, measured)."""

    def __init__(self, follower: Follower, codec: Codec, project: str, clock: Clock) -> None:
        self._follower = follower
        self._codec = codec
        self._clock = clock
        self._topic = f"raw.{project}"
        self._known: dict[tuple[int, int], bytes | None] = {}
        self._refused: deque[Event] = deque()

    def listen(self) -> None:
        """Take up what has come, without waiting: done between batches, it leaves little to wait for in one.

        Raises LogUnavailable.
        """
        for message in self._follower.poll(POLL_LIMIT, 0):
            self._take(message)

    def catch_up(self) -> None:
        """Read to the end as it is now, whatever is published meanwhile.

        Raises LogUnavailable where that is not reached: then nobody can tell what is gold, and nothing is joined.
        """
        ends, until = self._follower.ends(), self._clock.monotonic() + CATCH_UP_S
        while not self._follower.passed(ends):
            if self._clock.monotonic() >= until:
                raise LogUnavailable("the end of gold was not reached: nothing is joined until it is")
            for message in self._follower.poll(POLL_LIMIT, POLL_S):
                self._take(message)

    def truth(self, raw: RawReference) -> GoldTruth | None:
        """What is true of a raw record, whatever its revision; None for one that any other producer has published.

        Raises Undecodable where it is gold and can't be read: it must not be joined either. RegistryUnavailable.
        """
        place = raw.partition, raw.offset
        if place not in self._known:
            return None
        truth = self._codec.decode(self._known[place], GoldTruth)
        if (truth.raw.partition, truth.raw.offset) != place:
            raise Undecodable(Reason.UNDECODABLE, "a truth under the key of another record")
        return truth

    def refusals(self) -> Sequence[Event]:
        """Records of `gold.P` that name no record, to be committed. Said once; a crash may lose it."""
        taken = tuple(self._refused)
        self._refused.clear()
        return taken

    def _take(self, message: Message) -> None:
        """The key alone is read: it needs no registry, which may be away when the follower hands a record over."""
        try:
            raw = raw_reference((message.key or b"").decode("utf-8", "replace"))
            if raw.topic != self._topic:
                raise Refused(Reason.BAD_REQUEST, "the truth of another topic's record")
        except RecordError as error:
            self._refused.append(refused(message, error.reason))
            return
        self._known[raw.partition, raw.offset] = message.value
