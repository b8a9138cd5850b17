"""How fast the audit is sealed, how far a checkpoint is behind, and how soon a killed sealer is back.

The events are copies of one that a stage has written: the sealer asks no more of a record than its bytes. Times
are the broker's: when a record, and when a checkpoint, was appended to its topic.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from confluent_kafka import Producer

from deploy.bench.figures import Latency, Progress, lags, rate_after_first
from deploy.bench.ground import PROJECT, Ground
from deploy.bench.report import Sealing
from deploy.sealed import SEALER, checkpoints
from schemas.codec import Codec
from schemas.errors import StackError
from schemas.registry import Registry
from schemas.states import SealedLog
from streams.audit.processor import CHECKPOINTS, PREFIX, STATE
from streams.audit.tree import Frontier, leaf_hash
from streams.engine.messages import Message

TOPIC = f"audit.{PROJECT}"
PER_SECOND = 5_000
TICK_S = 0.02
MILLION = 1_000_000
SEALED_WITHIN_S = 120.0
SLOT = SEALER.slot(0)


def measure(ground: Ground, events: int, seconds: float) -> Sealing:
    """All three, in this order. The stages rest; the sealer alone works."""
    value = _an_event(ground)
    ground.end_all()
    per_s = _rate(ground, value, events)
    behind = _behind(ground, value, seconds)
    restart_s = _restart(ground, value)
    worst = 1000 * max(behind)
    ground.report(f"{per_s:,.0f} events/s sealed; at {PER_SECOND:,}/s at most {worst:,.0f} ms behind")
    return Sealing(events, per_s, PER_SECOND, Latency.of(behind), worst, restart_s)


def _rate(ground: Ground, value: bytes, events: int) -> float:
    """Everything lies on the topic before the sealer starts; from its first checkpoint to its last."""
    begun = _covered(ground)
    with _producing(ground) as produce:
        for number in range(events):
            produce(number, value)
    ground.begin(SLOT)
    _wait_sealed(ground)
    sizes, progress = dict(begun), []
    for message, origin, size in _said(ground):
        if size > sizes.get(origin, 0):
            progress.append(Progress(message.timestamp / 1000, size - sizes.get(origin, 0)))
            sizes[origin] = size
    return rate_after_first(progress)


def _behind(ground: Ground, value: bytes, seconds: float) -> list[float]:
    """At the promised rate: for each checkpoint, how old the oldest record was that no earlier one covers."""
    begun = _covered(ground)
    with _producing(ground) as produce:
        start, sent = time.monotonic(), 0
        while (passed := time.monotonic() - start) < seconds:
            for number in range(sent, round(PER_SECOND * passed)):
                produce(number, value)
            sent = round(PER_SECOND * passed)
            threading.Event().wait(TICK_S)
    _wait_sealed(ground)
    appended: dict[int, list[int]] = defaultdict(list)
    for message in ground.log().read(TOPIC):
        appended[message.partition].append(message.timestamp)
    said: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for message, origin, size in _said(ground):
        if size > begun.get(origin, 0):
            said[_partition(origin)].append((size, message.timestamp))
    first = {_partition(origin): size for origin, size in begun.items()}
    return [lag / 1000 for at, found in said.items() for lag in lags(appended[at], found, first.get(at, 0))]


def _restart(ground: Ground, value: bytes) -> float:
    """From `kill -9` to a checkpoint over what was written meanwhile, with logs that are a million entries larger
    than what lies on the topic: the state of such a log is made by the pure core, as a million records would have.
    """
    ground.installation.end(SLOT)
    _grow_by_a_million(ground)
    ground.begin(SLOT)
    with _producing(ground) as produce:
        produce(0, value)
    _wait_sealed(ground, MILLION)
    before = sum(_covered(ground).values())
    ground.installation.kill_for_good(SLOT)
    killed = time.monotonic()
    ground.installation.begin(SLOT)
    with _producing(ground) as produce:
        produce(0, value)
    _wait(lambda: sum(_covered(ground).values()) > before, "the restarted sealer's first checkpoint")
    return time.monotonic() - killed


def _grow_by_a_million(ground: Ground) -> None:
    registry = Registry(ground.installation.endpoints.registry.url, ground.installation.endpoints.registry.tls())
    try:
        codec = Codec(registry)
        logs = {it.key: it.value for it in ground.log().read(STATE) if (it.key or b"").startswith(PREFIX.encode())}
        with _producing(ground, STATE) as produce:
            for key, encoded in logs.items():
                log = codec.decode(encoded, SealedLog)
                if log.topic == TOPIC:
                    produce(key or b"", codec.encode(_larger(log)))
    finally:
        registry.close()


def _larger(log: SealedLog) -> SealedLog:
    tree = Frontier(log.size, log.nodes).append([leaf_hash(b"")] * MILLION)
    return replace(log, size=tree.size, nodes=tree.nodes)


def _an_event(ground: Ground) -> bytes:
    """The longest there is: warming up has left a batch of redact's."""
    return max((message.value or b"" for message in ground.log().read(TOPIC)), key=len)


@contextmanager
def _producing(ground: Ground, topic: str = TOPIC) -> Iterator[Callable[[int | bytes, bytes], None]]:
    producer = Producer(ground.admin_settings() | {"partitioner": "murmur2_random", "linger.ms": 5})

    def produce(key: int | bytes, value: bytes) -> None:
        name = key if isinstance(key, bytes) else f"bench.{key % 64}".encode()
        while True:
            try:
                producer.produce(topic, value, name)
            except BufferError:
                producer.poll(0.05)
            else:
                producer.poll(0)
                return

    yield produce
    producer.flush(SEALED_WITHIN_S)


def _said(ground: Ground) -> Iterator[tuple[Message, str, int]]:
    """The checkpoints of the bench's logs: record, origin, size."""
    key = ground.pinned(SEALER.signer)
    for message in ground.log().read(CHECKPOINTS):
        for said in checkpoints([message], key):
            if f"/{TOPIC}/" in said.origin:
                yield message, said.origin, said.size


def _covered(ground: Ground) -> Mapping[str, int]:
    return {origin: size for _, origin, size in _said(ground)}


def _wait_sealed(ground: Ground, more: int = 0) -> None:
    """Until every record is covered; `more` entries a log stand on no topic."""
    written: dict[int, int] = defaultdict(int)
    for message in ground.log().read(TOPIC):
        written[message.partition] += 1

    def done() -> bool:
        covered = {_partition(origin): size for origin, size in _covered(ground).items()}
        return any(covered.get(at, 0) >= more for at in written) and all(
            covered.get(at, 0) >= count for at, count in written.items()
        )

    _wait(done, "sealing what was written")


def _wait(done: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + SEALED_WITHIN_S
    while not done():
        if time.monotonic() > limit:
            raise StackError(f"{what} did not happen within {SEALED_WITHIN_S:.0f} s.")
        threading.Event().wait(0.05)


def _partition(origin: str) -> int:
    return int(origin.rpartition("/")[2])
