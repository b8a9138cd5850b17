"""How long a record takes from produce to a visible task, and from produce to consume with the broker alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from confluent_kafka import Producer

from deploy.bench.figures import Latency
from deploy.bench.ground import PLAIN_IN, PROJECT, Ground
from deploy.bench.report import Delays
from deploy.bench.workload import FIELD, texts
from schemas.audit import AuditEvent
from schemas.codec import Codec
from schemas.errors import StackError, VeilError
from schemas.records import RawReference
from schemas.registry import Registry
from streams.engine.kafka_follower import KafkaFollower
from streams.engine.messages import Message
from streams.publish.publisher import Done, Unplaced

PER_SECOND = 100
ARRIVE_WITHIN_S = 120.0
"""Redact compiles its patterns when the first policy arrives: 6 s, on a busy machine ten times that."""
WARM_UP = 20
TURNS = 2
"""Each way is measured in two halves, by turns, so that a disturbance of seconds meets both."""


def warm_up(ground: Ground) -> None:
    """A few records through redact, not counted: its detector is built then, and every connection is made."""
    _task(ground, WARM_UP)


def measure(ground: Ground, seconds: float) -> Delays:
    """Both ways, at the same rate, on the same broker, with all our processes running."""
    task: list[float] = []
    plain: list[float] = []
    for _ in range(TURNS):
        plain += _plain(ground, round(PER_SECOND * seconds / TURNS))
        task += _task(ground, round(PER_SECOND * seconds / TURNS))
    ground.report(f"{len(task)} tasks and {len(plain)} plain records timed")
    return Delays(PER_SECOND, Latency.of(task), Latency.of(plain))


class _Arrivals:
    """Notes in a thread of its own when each message of a topic becomes visible to a `read_committed` reader."""

    def __init__(self, follower: KafkaFollower, name_of: Callable[[Message], str]) -> None:
        self.times: dict[str, float] = {}
        self._follower = follower
        self._name_of = name_of
        self._stop = threading.Event()
        while not follower.at_end():
            follower.poll(1000, 0.1)
        self._thread = threading.Thread(target=self._read, name="bench-arrivals", daemon=True)
        self._thread.start()

    def wait_for(self, count: int) -> None:
        """Until so many have come."""
        limit = time.monotonic() + ARRIVE_WITHIN_S
        while len(self.times) < count:
            if time.monotonic() > limit:
                raise StackError(f"{len(self.times)} of {count} records had come after {ARRIVE_WITHIN_S:.0f} s.")
            threading.Event().wait(0.05)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._follower.close()

    def _read(self) -> None:
        while not self._stop.is_set():
            messages = self._follower.poll(1000, 0.2)
            now = time.perf_counter()
            for message in messages:
                self.times.setdefault(self._name_of(message), now)


@contextmanager
def _arrivals(ground: Ground, topic: str, name_of: Callable[[Message], str]) -> Iterator[_Arrivals]:
    arrivals = _Arrivals(ground.log().follow([topic]), name_of)
    try:
        yield arrivals
    finally:
        arrivals.close()


def _paced(count: int) -> Iterator[str]:
    """Texts at the rate, however long each takes to send."""
    started = time.perf_counter()
    for number, text in enumerate(texts(count)):
        threading.Event().wait(max(0.0, started + number / PER_SECOND - time.perf_counter()))
        yield text


def _plain(ground: Ground, count: int) -> list[float]:
    producer = Producer(ground.admin_settings())
    sent: dict[str, float] = {}
    with _arrivals(ground, PLAIN_IN, lambda message: (message.key or b"").decode()) as arrivals:
        for number, text in enumerate(_paced(count)):
            sent[str(number)] = time.perf_counter()
            producer.produce(PLAIN_IN, text.encode(), str(number).encode())
            producer.poll(0)
        producer.flush()
        arrivals.wait_for(count)
    return [arrivals.times[name] - at for name, at in sent.items()]


def _task(ground: Ground, count: int) -> list[float]:
    """What quarantine takes never becomes a task and isn't counted."""
    sent: dict[tuple[int, int], float] = {}

    def note(at: float) -> Done:
        def done(result: RawReference | Unplaced | VeilError) -> None:
            if isinstance(result, VeilError):
                raise result
            if isinstance(result, RawReference):
                sent[result.partition, result.offset] = at

        return done

    with _arrivals(ground, f"tasks.{PROJECT}", lambda message: (message.key or b"").decode()) as arrivals:
        with ground.publisher() as publisher:
            for text in _paced(count):
                publisher.publish_json({FIELD: text}, done=note(time.perf_counter()))
            publisher.flush()
        task_of = _tasks_of(ground, set(sent))
        arrivals.wait_for(len(task_of))
    return [arrivals.times[task] - sent[place] for place, task in task_of.items()]


def _tasks_of(ground: Ground, places: set[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """Which task each raw record has become, from audit, once all of them are covered."""
    endpoint = ground.installation.endpoints.registry
    registry = Registry(endpoint.url, endpoint.tls())
    codec, covered = Codec(registry), dict[tuple[int, int], str]()
    follower = ground.log().follow([f"audit.{PROJECT}"])
    limit = time.monotonic() + ARRIVE_WITHIN_S
    try:
        while not places <= covered.keys():
            if time.monotonic() > limit:
                raise StackError("redact did not cover every record in time.")
            for message in follower.poll(1000, 0.5):
                batch = codec.decode(message.value, AuditEvent).batch
                if batch is not None:
                    covered.update({(batch.partition, one.offset): one.task_id for one in batch.outcomes})
    finally:
        follower.close()
        registry.close()
    return {place: covered[place] for place in places if covered[place]}
