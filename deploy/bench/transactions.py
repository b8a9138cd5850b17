"""What a transaction takes with the broker alone, as label makes them: the least that a lease can take."""

from __future__ import annotations

import time

from deploy.bench.figures import Latency
from deploy.bench.ground import PLAIN_IN, PLAIN_OUT, Ground
from streams.engine.kafka_login import KafkaLogin
from streams.engine.kafka_turns import KafkaTurns
from streams.engine.messages import Outgoing

IDS = ("bench-plain.a", "bench-plain.b")
WARM_UP = 20
TIMEOUT_MS = 15_000
RECORD = bytes(300)
"""About as large as what a lease adds to state and audit, compressed."""


def measure(ground: Ground, count: int) -> Latency:
    """So many transactions, one after the other: a record for each of two topics, two ids by turns, from begin to
    the broker's answer to the commit.
    """
    producer = KafkaTurns(ground.admin_settings(), IDS, TIMEOUT_MS, lambda: False, KafkaLogin("", ""))
    try:
        producer.initialise()
        times = [_one(producer) for _ in range(WARM_UP + count)]
    finally:
        producer.close()
    return Latency.of(times[WARM_UP:])


def _one(producer: KafkaTurns) -> float:
    begun = time.perf_counter()
    producer.begin()
    for topic in (PLAIN_IN, PLAIN_OUT):
        producer.produce(Outgoing(topic, b"bench", RECORD))
    producer.commit()
    return time.perf_counter() - begun
