"""The loop on the simulated broker, which fails at any step: what is published is what the log says, once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from random import Random

import pytest
from prometheus_client import REGISTRY

from schemas.alerts import Alert
from schemas.audit import AuditEvent, EventType
from schemas.codec import Codec, FixedIds
from schemas.errors import Fenced, LogUnavailable
from schemas.metrics import Metric
from schemas.resources import message_resource, project_resource, slot_resource
from streams.engine.folding import FoldLoop, FoldSeams
from streams.engine.health import Condition, Health
from streams.engine.log import Ownership, SessionSpec
from streams.engine.messages import Outgoing
from streams.watch.book import Final
from streams.watch.recompute import recompute
from streams.watch.rules_document import packaged_rules
from streams.watch.watching import Watching
from streams.watch.windows import Arrival, Windows
from tests.simulation.broker import Broker, Crash, MemoryLog
from tests.streams.watch.month import DAY, HOUR, Writing, month

CODEC, RULES, WINDOWS = Codec(FixedIds()), packaged_rules(), Windows()
PARTITIONS = 3
EVENTS = list(islice(month(2, days=1), 1_600))
AT_ONCE, AFTERWARDS = 60, 30
MINUTE = 60_000


class Feeding:
    """Stands where the loop asks whether to stop: events come meanwhile, time goes on; at last it is told to. With
    them somebody is refused at the console, and the sealer refuses two records of `control`; one of them it had
    taken before.
    """

    def __init__(self, broker: Broker) -> None:
        self.broker, self.left, self.after, self.console = broker, iter(EVENTS), 0, Writing("console.platform")
        self.sealer, self.began = Writing("seal.platform"), 0

    def is_set(self) -> bool:
        for arrival in (some := list(islice(self.left, AT_ONCE))):
            self.broker.now = arrival.appended
            value = CODEC.encode(arrival.event)
            self.broker.append(Outgoing("audit.demo", arrival.event.slot.encode(), value))
        if some:
            refused = {"person": "otto", "details": {"suppressed": "11"}}
            event = self.console.event(
                EventType.CONSOLE_DENIED, project_resource("demo"), self.broker.now, **refused
            )
            self.broker.append(Outgoing("audit.platform", b"console.platform.0", CODEC.encode(event)))
            for said in self._sealer(self.broker.now):
                self.broker.append(Outgoing("audit.platform", b"seal.platform.0", CODEC.encode(said)))
        else:
            self.after += 1
            self.broker.now += DAY // AFTERWARDS
        return self.after > 2 * AFTERWARDS

    def _sealer(self, now: int) -> Iterator[AuditEvent]:
        slot = slot_resource("seal.platform.0")
        if not self.began:
            self.began = now
            yield self.sealer.event(EventType.PROCESS_STARTED, slot, now)
        yield self.sealer.event(EventType.PROCESS_STOPPED, slot, now)
        for offset, written in ((7, 0), (8, self.began + 1)) if now - self.began > HOUR else ():
            said = {"reason": "signer_not_allowed", "details": {"written": str(written)}}
            yield self.sealer.event(EventType.CONTROL_REFUSED, message_resource("control", 0, offset), now, **said)

    def wait(self, seconds: float) -> None:
        self.broker.now += int(seconds * 1000)


class BrokersClock:
    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def now(self) -> int:
        return self._broker.now


def world(faults=None) -> Broker:
    of_platform = {"audit.platform": 1, "alerts.platform": 1, "watch-state": 1}
    return Broker({"audit.demo": PARTITIONS, "metrics.demo": 2, "alerts.demo": 1, **of_platform}, faults)


def loop(broker: Broker, health: Health | None = None) -> FoldLoop:
    def fresh() -> Watching:
        return Watching({"demo": PARTITIONS}, RULES, WINDOWS, CODEC, state_every_ms=60_000)

    seams = FoldSeams(MemoryLog(broker), BrokersClock(broker), health or Health(), fresh)
    return FoldLoop("watch.platform", "watch.platform.0", seams)


def wanted(broker: Broker) -> dict[bytes, Metric | Alert]:
    told = finals(broker, "demo", PARTITIONS)
    metrics = {it.key.encode(): it for final in told for it in final.metrics}
    alerts = (it for final in (*told, *finals(broker, "platform", 1)) for it in final.alerts)
    return metrics | {it.alert_id.encode(): it for it in alerts}


def finals(broker: Broker, place: str, partitions: int) -> list[Final]:
    arrivals = [
        Arrival(it.partition, it.offset, it.timestamp, CODEC.decode(it.value, AuditEvent))
        for it in broker.committed(f"audit.{place}")
    ]
    return list(recompute(place, arrivals, dict.fromkeys(range(partitions), 10**15), RULES, WINDOWS))


def published(broker: Broker) -> list[tuple[bytes, Metric | Alert]]:
    return [
        (it.key, CODEC.decode(it.value, kind))
        for topic, kind in (("metrics.demo", Metric), ("alerts.demo", Alert), ("alerts.platform", Alert))
        for it in broker.committed(topic)
    ]


@pytest.mark.parametrize("seed", range(6))
def test_whatever_fails_it_publishes_what_a_recomputation_does(seed):
    random, steps = Random(seed), 0

    def faults(_point: str) -> None:
        nonlocal steps
        steps += 1
        drawn = random.random()
        if drawn < 0.01:
            raise Crash
        if drawn < 0.02:
            raise LogUnavailable("for now")

    broker = world(faults)
    feeding, crashes = Feeding(broker), 0
    while True:
        try:
            loop(broker).run(feeding)
            break
        except Crash:
            crashes += 1
    found, goal = published(broker), wanted(broker)
    assert {key for key, _ in found} == set(goal)
    assert all(goal[key] == record for key, record in found)
    assert crashes
    assert steps > 200


def test_undisturbed_it_publishes_everything_once():
    broker = world()
    health = Health()
    loop(broker, health).run(Feeding(broker))
    keys = [key for key, _ in published(broker)]
    assert sorted(keys) == sorted(wanted(broker))
    assert health.read()[0] is Condition.STOPPED


def test_what_happens_on_the_platform_is_told_on_its_own_topic():
    broker = world()
    loop(broker).run(Feeding(broker))
    told = [CODEC.decode(it.value, Alert) for it in broker.committed("alerts.platform")]
    denied = [it for it in told if it.rule == "repeated-denials"]
    assert {it.subject for it in denied} == {"person/otto"}
    assert all(it.evidence[0].startswith("console.platform.0/") for it in denied)
    assert "person/otto" not in {CODEC.decode(it.value, Alert).subject for it in broker.committed("alerts.demo")}
    (refused,) = [it for it in told if it not in denied]
    assert (refused.rule, refused.subject) == ("control-forged", "message/control/0/7")


def test_the_last_final_metrics_are_gauges_and_suppressed_ones_are_not():
    broker = world()
    loop(broker).run(Feeding(broker))
    hours = [it for _, it in published(broker) if isinstance(it, Metric) and it.until - it.since == 3_600_000]
    last = max((it for it in hours if it.policy), key=lambda it: it.since)
    shown = {
        sample.labels["name"]: sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name == "veil_watch_count"
        and sample.labels["window_s"] == "3600"
        and sample.labels["policy"] == last.policy
    }
    assert shown == last.cells


def test_up_to_when_windows_are_final_is_told_where_nothing_is_published():
    def final(project: str) -> float | None:
        return REGISTRY.get_sample_value("veil_watch_final_seconds", {"project": project})

    watching = Watching({"quiet": 2}, RULES, WINDOWS, CODEC)
    assert list(watching.due(0)) == []
    assert (final("quiet"), final("platform")) == (0, 0)
    for place in watching.positions():
        watching.seen_to_the_end(place, 20 * MINUTE if place.topic == "audit.quiet" else 30 * MINUTE)
    assert list(watching.due(0)) == []
    assert (final("quiet"), final("platform")) == (19 * 60, 29 * 60)


def test_whoever_takes_over_ends_the_one_before():
    broker = world()
    other = SessionSpec("watch.platform.0", "watch.platform", (), Ownership.WHOLE)

    class Overtaken(Feeding):
        def is_set(self) -> bool:
            if self.broker.now > EVENTS[800].appended:
                MemoryLog(broker).open(other)
            return super().is_set()

    with pytest.raises(Fenced):
        loop(broker).run(Overtaken(broker))


def test_a_record_that_is_no_event_is_passed_over():
    broker = world()
    broker.append(Outgoing("audit.demo", b"slot", b"no event"))
    loop(broker).run(Feeding(broker))
    assert REGISTRY.get_sample_value("veil_watch_unreadable_records") == 1
