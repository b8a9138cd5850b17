"""Copies a second of replay, where many records are to be redacted again and nothing else runs."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import closing

from deploy.bench.figures import Progress, rate_after_first
from deploy.bench.ground import OPERATOR, PROJECT, SIGNERS, Ground
from deploy.bench.report import Again
from deploy.control_orders import sign_reredaction
from schemas.errors import StackError
from schemas.reredaction import Reredaction
from streams.engine.log import Follower
from topology.policies import load_policy

LIMIT_S = 300.0


def measure(ground: Ground, records: int) -> Again:
    """Everything lies on `raw` before replay starts; what counts is from its first commit to its last."""
    ground.end_all()
    since = time.time_ns() // 1_000_000
    ground.publish(records)
    order = Reredaction(1, load_policy("demo").version, since)
    for signer in (OPERATOR, SIGNERS[1]):
        with ground.acting("person", signer) as around:
            sign_reredaction(around, order, 1)
    ground.begin(f"replay.{PROJECT}.0")
    with closing(ground.log().follow([f"again.{PROJECT}"])) as follower:
        rate = rate_after_first(_copies(follower, records))
    ground.end_all()
    ground.report(f"replay: {rate:,.0f} copies/s")
    return Again(records, rate)


def _copies(follower: Follower, records: int) -> list[Progress]:
    """How many were appended at each moment, by the broker's clock."""
    found: Counter[int] = Counter()
    limit = time.monotonic() + LIMIT_S
    while found.total() < records:
        if time.monotonic() > limit:
            raise StackError(f"replay did not copy {records} records in {LIMIT_S:.0f} s.")
        found.update(message.timestamp for message in follower.poll(1000, 0.5))
    return [Progress(at / 1000, count) for at, count in found.items()]
