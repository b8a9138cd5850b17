"""What redact has committed, and when, as the audit of the bench's project says."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

from deploy.bench.figures import Progress
from deploy.bench.ground import PROJECT, Ground
from schemas.audit import AuditEvent, EventType, RawOutcome
from schemas.codec import Codec
from schemas.errors import StackError
from schemas.registry import Registry

LIMIT_S = 300.0


class Watch:
    """Follows the audit from its present end on. One thread."""

    def __init__(self, ground: Ground) -> None:
        registry = ground.installation.endpoints.registry
        self._registry = Registry(registry.url, registry.tls())
        self._codec = Codec(self._registry)
        self._follower = ground.follow(f"audit.{PROJECT}")

    def close(self) -> None:
        """Follow no more."""
        self._follower.close()
        self._registry.close()

    def batches(self, records: int, outcomes: Counter[str]) -> Iterator[Progress]:
        """Batch by batch as they are seen, until `records` records are covered. Adds to `outcomes`.

        Times are the events', in seconds. Raises StackError where they don't come.
        """
        covered, limit = 0, time.monotonic() + LIMIT_S
        while covered < records:
            if time.monotonic() > limit:
                raise StackError(f"redact did not get through {records} records in {LIMIT_S:.0f} s.")
            for message in self._follower.poll(1000, 0.5):
                event = self._codec.decode(message.value, AuditEvent)
                if event.type is EventType.BATCH_REDACTED and event.batch is not None:
                    done = [o.outcome.value for o in event.batch.outcomes if o.outcome is not RawOutcome.EMPTY]
                    outcomes.update(done)
                    covered += len(done)
                    yield Progress(event.time / 1000, len(done))
