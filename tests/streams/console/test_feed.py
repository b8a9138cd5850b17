"""What is on the topics is on the board: the newest at the start, then what comes, whatever the broker does."""

from __future__ import annotations

import threading

import pytest

from schemas.alerts import Alert, Severity
from schemas.audit import EventType
from schemas.codec import Codec, FixedIds
from schemas.errors import LogUnavailable, RegistryUnavailable
from schemas.matching import STANDING, MatchingStanding
from schemas.metrics import Metric
from streams.console.board import Board
from streams.console.feed import Feed, FeedSeams, depths
from streams.console.plots import HOUR_MS
from streams.console.seals import Checkpoint
from streams.console.settings import ConsoleSettings
from streams.console.tail import Wanted
from streams.engine.clock import SystemClock
from streams.engine.health import Condition, Health
from streams.engine.messages import Outgoing
from tests.simulation.broker import Broker, MemoryLog
from tests.streams.console.site import made
from tests.support.waiting import wait_for

CODEC = Codec(FixedIds())
TOPICS = (
    *("audit.demo", "audit.platform", "metrics.demo", "alerts.demo", "alerts.platform"),
    *("checkpoints", "matching"),
)
ALL = Wanted(frozenset({"demo", "platform"}))
LOG = "veil/audit.demo/0"


class Quick(SystemClock):
    """Waits for nothing."""

    def wait(self, seconds):
        threading.Event().wait(min(seconds, 0.01))


class Reading:
    """A feed that runs, and its board."""

    def __init__(self, broker, depth=100):
        self.broker = broker
        self.board = Board(ConsoleSettings(), lambda: None)
        self.health = Health()
        seams = FeedSeams(
            MemoryLog(broker),
            CODEC,
            Quick(),
            self.board,
            depths(["demo"], ConsoleSettings(tail_read=depth)),
            lambda message: Checkpoint(LOG, len(message.value), bytes(32)) if message.value != b"bad" else None,
            lambda: True,
        )
        self.feed = Feed(seams, self.health)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.feed.run, args=[self.stop], daemon=True)
        self.thread.start()

    def rows(self):
        return [row.id for row in self.board.rows(ALL, 1000).rows]

    def end(self):
        self.stop.set()
        self.thread.join(60)


@pytest.fixture
def broker():
    return Broker(dict.fromkeys(TOPICS, 1))


@pytest.fixture
def reading(broker):
    made = []

    def begin(depth=100):
        made.append(Reading(broker, depth))
        wait_for(lambda: made[-1].feed.ready, "everything is read")
        return made[-1]

    yield begin
    for one in made:
        one.end()


def put(broker, topic, value, key=b"key"):
    broker.append(Outgoing(topic, key, value))


def happen(broker, number, topic="audit.demo"):
    put(broker, topic, CODEC.encode(made(number, EventType.TASK_VIEWED, number)))


def test_the_newest_are_read_and_what_comes_after(broker, reading):
    for number in range(1, 11):
        happen(broker, number)
    found = reading(depth=4)
    assert found.rows() == [f"label.demo.0/{number}" for number in (10, 9, 8, 7)]
    happen(broker, 11)
    wait_for(lambda: len(found.rows()) == 5, "the new one")
    assert found.health.read()[0] is Condition.WORKING


def test_what_is_no_event_is_counted_and_stops_nobody(broker, reading):
    put(broker, "audit.demo", b"anything")
    happen(broker, 1)
    found = reading()
    assert (found.rows(), found.board.unread) == (["label.demo.0/1"], 1)


def test_a_metric_counts_for_the_project_of_its_topic_only(broker, reading):
    for project in ("demo", "other"):
        metric = Metric(project, "", "", 0, HOUR_MS, {"denials": 12})
        put(broker, "metrics.demo", CODEC.encode(metric))
    found = reading()
    assert found.board.policies("demo") == {""}
    assert found.board.policies("other") == frozenset()


def test_checkpoints_that_do_not_hold_are_faults(broker, reading):
    put(broker, "checkpoints", b"ten bytes!", LOG.encode())
    put(broker, "checkpoints", b"bad", LOG.encode())
    (seal,) = reading().board.seals("audit.demo", 0)
    assert (seal["size"], seal["fault"], seal["checked"]) == (10, "unreadable", 2)


def test_alerts_of_the_platform_and_of_a_project_are_kept_apart(broker, reading):
    for name, place in (("1", "demo"), ("2", "platform")):
        put(broker, f"alerts.{place}", CODEC.encode(Alert(name, "pace", Severity.NOTICE, "person/x", 0, 1)))
    board = reading().board
    told = {place: [it.alert_id for it in board.alerts(place, 9)] for place in ("demo", "platform", "other")}
    assert told == {"demo": ["1"], "platform": ["2"], "other": []}


def test_of_the_matcher_the_latest_word_holds_and_no_other_key_counts(broker, reading):
    for at in (1, 2):
        put(broker, "matching", CODEC.encode(MatchingStanding(at, 0, 0, 0, 0)), STANDING.encode())
    put(broker, "matching", CODEC.encode(MatchingStanding(3, 0, 0, 0, 0)), b"other")
    found = reading()
    assert found.board.standing().at == 2
    put(broker, "matching", b"anything", STANDING.encode())
    wait_for(lambda: found.board.unread == 1, "it is counted")
    assert found.board.standing().at == 2


def test_an_outage_is_waited_for_and_nothing_is_lost_or_twice(broker, reading):
    happen(broker, 1)
    found = reading()
    failures = [LogUnavailable("away")] * 3

    def faults(at):
        if at == "follow" and failures:
            raise failures.pop()

    broker.faults = faults
    happen(broker, 2)
    wait_for(lambda: len(found.rows()) == 2 and not failures, "the second, and the end of the outage")
    happen(broker, 3)
    wait_for(lambda: len(found.rows()) >= 3, "the third")
    assert found.rows() == ["label.demo.0/3", "label.demo.0/2", "label.demo.0/1"]


def test_what_the_registry_can_not_explain_now_is_explained_later_once(broker, reading, monkeypatch):
    found = reading()
    failures, decode = [RegistryUnavailable("away")] * 3, CODEC.decode

    def sometimes(value, kind):
        if failures:
            raise failures.pop()
        return decode(value, kind)

    monkeypatch.setattr(CODEC, "decode", sometimes)
    for number in range(1, 6):
        happen(broker, number)
    wait_for(lambda: len(found.rows()) == 5, "all of them")
    assert found.rows() == [f"label.demo.0/{number}" for number in (5, 4, 3, 2, 1)]
