"""Records a second: through redact, the same loop without detection, and the obvious alternative."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable

from confluent_kafka import Consumer, Producer, TopicPartition

from deploy.bench.figures import Progress, rate_after_first
from deploy.bench.ground import PLAIN_IN, PLAIN_OUT, PROJECT, Ground
from deploy.bench.process import FAST, NO_DETECTION
from deploy.bench.report import Rates, Way
from deploy.bench.watch import LIMIT_S, Watch
from deploy.bench.workload import FIELD, texts

ALTERNATIVE_SHARE = 10
"""The alternative gets a tenth of the records: it takes much longer, and its rate does not depend on how many."""
_SWITCHES = {Way.UNDETECTED: NO_DETECTION, Way.FAST: FAST}


def measure(ground: Ground, records: int, repeats: int) -> Rates:
    """All ways, in turn and again, so that whatever else the machine does meets all of them."""
    ground.end_all()
    runs: dict[Way, list[float]] = {way: [] for way in Way}
    outcomes: dict[Way, Counter[str]] = {way: Counter() for way in Way if way is not Way.ALTERNATIVE}
    watch = Watch(ground)
    try:
        for number in range(1, repeats + 1):
            for way in Way:
                rate = (
                    _alternative(ground, max(records // ALTERNATIVE_SHARE, 1))
                    if way is Way.ALTERNATIVE
                    else _redact(ground, watch, way, records, outcomes[way])
                )
                ground.report(f"run {number} of {repeats}, {way}: {rate:,.0f} records/s")
                runs[way].append(rate)
    finally:
        watch.close()
    return Rates(runs, outcomes)


def _redact(ground: Ground, watch: Watch, way: Way, records: int, outcomes: Counter[str]) -> float:
    """Everything lies on `raw` before the stage starts; what counts is from its first commit to its last."""
    ground.publish(records)
    redact = f"redact.{PROJECT}.0"
    if way is Way.DETECTED:
        ground.begin(redact)
    else:
        ground.begin_otherwise(_SWITCHES[way])
    batches = _by_commit(watch.batches(records, outcomes))
    ground.end_all()
    if way is not Way.DETECTED:
        ground.end_child(f"redact {_SWITCHES[way]}")
    return rate_after_first(batches)


def _by_commit(batches: Iterable[Progress]) -> list[Progress]:
    """One entry a moment: a transaction holds several batches."""
    found: defaultdict[float, int] = defaultdict(int)
    for batch in batches:
        found[batch.at] += batch.records
    return [Progress(at, count) for at, count in found.items()]


def _alternative(ground: Ground, records: int) -> float:
    settings = ground.admin_settings()
    offset = _end_of(settings, PLAIN_IN)
    producer = Producer(settings)
    for text in texts(records):
        producer.produce(PLAIN_IN, json.dumps({FIELD: text}).encode())
    producer.flush()
    places = ["--source", PLAIN_IN, "--sink", PLAIN_OUT, "--offset", str(offset), "--count", str(records)]
    line = ground.run_module("deploy.bench.alternative", ["--root", str(ground.root), *places], LIMIT_S)
    result = json.loads(line)
    return float(result["records"] / result["seconds"])


def _end_of(settings: dict[str, object], topic: str) -> int:
    consumer = Consumer(settings | {"group.id": "bench"})
    try:
        _, end = consumer.get_watermark_offsets(TopicPartition(topic, 0), 10)
    finally:
        consumer.close()
    return int(end)
