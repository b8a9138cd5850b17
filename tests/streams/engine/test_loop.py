"""The loop on the in-memory log: what each setback does. The schedules in tests/simulation do the rest."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from prometheus_client import REGISTRY

from schemas.audit import AuditEvent, Event, EventType
from schemas.codec import Codec, FixedIds
from schemas.errors import (
    Abortable,
    AccessDenied,
    CommitInDoubt,
    ConfigError,
    Fenced,
    LogUnavailable,
    VaultUnavailable,
)
from streams.engine.control_reader import ControlNews, ControlReader
from streams.engine.health import Condition, Health
from streams.engine.log import Ownership, SessionSpec
from streams.engine.loop import HOLDS_FOR_S, WRITTEN_AT_ONCE, Loop, Stage
from streams.engine.messages import Message, Outgoing
from streams.engine.presence import PROVE_EVERY_S
from streams.engine.processor import Batch, Plan, Request, Slot
from streams.engine.traces.ids import HEADER, parent_in, trace_of
from streams.engine.traces.spans import Act, Outcome, Source, Span
from streams.engine.traces.traces import Traces
from tests.simulation.broker import Broker, MemoryFollower, MemoryLog, MemorySession
from tests.simulation.vault import MemoryVault, VaultStore
from tests.simulation.world import TOPOLOGY, SimulatedClock, Waiting
from topology.control import ControlBook

TOPICS = {"in": 2, "out": 2, "copy-state": 2, "audit.demo": 1, "control": 1}


class Copy:
    """Copies `in` to `out`, counts in memory what it has seen, answers requests with their command."""

    held: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.seen = 0
        self.restored = 0
        self.documents: list[tuple[str, bytes]] = []
        self.to = "out"
        self.stands: bool | None = None

    def restore(self, slot: Slot, changelog: Iterable[Message]) -> Plan:
        self.seen = sum(int(m.value or b"") for m in changelog if m.key == b"count")  # one: the latest of its key
        self.restored += 1
        return Plan()

    def process(self, batch: Batch) -> Plan:
        plan = Plan(documents=list(self.documents), stands=self.stands)
        for message in batch.messages:
            self.seen += 1
            plan.outputs.append(Outgoing(self.to, message.key or b"", message.value))
            plan.outputs.append(Outgoing("copy-state", b"count", str(self.seen).encode()))
        plan.events += [Event(EventType.LABEL_JOINED, "task/x") for _ in batch.messages[:1]]
        plan.answers += [(request, request.command) for request in batch.requests]
        plan.events += [Event(EventType.TASK_VIEWED, "task/y") for _ in batch.requests]
        return plan

    def control(self, changed: Sequence[str]) -> Plan:
        return Plan()


class Bench:
    """A loop with everything around it, and a switch for faults: each happens once, in this order."""

    def __init__(self) -> None:
        self.faults: list[tuple[str, Exception]] = []
        self.vault_fault: Exception | None = None
        self.broker = Broker(TOPICS, self._at)
        self.log = MemoryLog(self.broker)
        self.clock = SimulatedClock()
        self.codec = Codec(FixedIds())
        self.copy = Copy()
        self.waiting = Waiting()
        self.health = Health()
        self.vault = MemoryVault(VaultStore(auto_keys=True), "demo", hook=self._at_vault)
        self.inputs: tuple[str, ...] = ("in",)
        self.traces: Traces | None = None
        self.loop = self.new()

    def new(self, *, rereads: bool = False, releases: bool = True) -> Loop:
        stage = Stage(
            "copy", "demo", "copy.demo.0", "copy.demo",
            SessionSpec("copy.demo.0", "copy.demo", self.inputs, Ownership.WHOLE), "copy-state", "audit.demo",
            rereads=rereads, releases=releases,
        )  # fmt: skip
        book = ControlBook(TOPOLOGY.flow, TOPOLOGY.pins, TOPOLOGY.projects)
        return Loop(
            stage, self.copy, self.log, self.vault,
            lambda: ControlReader(self.log.follow(["control"]), book, self.codec, self.clock, "demo"),
            self.codec, self.clock, lambda message: self.vault.sign("sign-copy.demo", message), self.waiting,
            self.health, None, self.traces,
        )  # fmt: skip

    def put(self, *values: bytes) -> None:
        for value in values:
            self.broker.append(Outgoing("in", value, value))

    def out(self) -> list[bytes]:
        return sorted(m.value or b"" for m in self.broker.committed("out"))

    def rounds(self, count: int) -> None:
        for _ in range(count):
            self.loop.round()

    def ask(self, command: object) -> list[Any]:
        answers: list[Any] = []
        self.waiting.requests.append(Request(command, answers.append))
        return answers

    def _at(self, point: str) -> None:
        if self.faults and self.faults[0][0] == point:
            raise self.faults.pop(0)[1]

    def _at_vault(self, moment: str, operation: str, target: str) -> None:
        if self.vault_fault is not None and operation == "create":
            error, self.vault_fault = self.vault_fault, None
            raise error


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize(
    ("point", "error"),
    [
        ("produce", Abortable("x")),
        ("positions", Abortable("x")),
        ("before commit", Abortable("x")),
        ("in doubt before", CommitInDoubt("x")),
        ("in doubt after", CommitInDoubt("x")),
        ("poll", LogUnavailable("x")),
        ("rewind", LogUnavailable("x")),
    ],
)
def test_a_setback_at_any_point_copies_every_record_exactly_once(
    bench: Bench, point: str, error: Exception
) -> None:
    bench.rounds(1)
    bench.put(b"a", b"b", b"c")
    bench.faults = [(point, error)]
    bench.rounds(6)
    assert bench.out() == [b"a", b"b", b"c"]
    assert bench.copy.seen == 3


def test_after_a_setback_memory_is_what_is_committed(bench: Bench) -> None:
    bench.put(b"a")
    bench.rounds(3)
    bench.put(b"b")
    bench.faults = [("before commit", Abortable("x"))]
    bench.rounds(1)
    assert bench.health.read()[0] is Condition.WAITING
    bench.rounds(3)
    assert bench.copy.seen == 2
    assert bench.copy.restored == 2


def test_a_vault_that_does_not_answer_commits_nothing_and_loses_nothing(bench: Bench) -> None:
    bench.rounds(1)
    bench.copy.documents = [("view/x", b"1")]
    bench.vault_fault = VaultUnavailable("x")
    bench.put(b"a")
    bench.rounds(1)
    assert bench.out() == []
    bench.copy.documents = []
    bench.rounds(3)
    assert bench.out() == [b"a"]


def test_a_fenced_loop_stops_and_writes_nothing(bench: Bench) -> None:
    bench.rounds(1)
    zombie, bench.loop = bench.loop, bench.new()
    bench.rounds(1)
    bench.put(b"a")
    with pytest.raises(Fenced):
        zombie.round()
    bench.rounds(2)
    assert bench.out() == [b"a"]


def test_a_request_is_answered_only_once_its_event_is_committed(bench: Bench) -> None:
    bench.rounds(1)
    committed_at_answer: list[int] = []
    events = len(bench.broker.committed("audit.demo"))

    def answered(_: object) -> None:
        committed_at_answer.append(len(bench.broker.committed("audit.demo")))

    bench.waiting.requests.append(Request("hello", answered))
    bench.rounds(1)
    assert committed_at_answer == [events + 1]


@pytest.mark.parametrize("error", [Abortable("x"), CommitInDoubt("x"), AccessDenied("x")])
def test_a_request_whose_commit_failed_is_answered_with_the_error(bench: Bench, error: Exception) -> None:
    bench.rounds(1)
    answers = bench.ask("hello")
    bench.put(b"a")
    bench.faults = [("positions", error)]
    if isinstance(error, AccessDenied):
        with pytest.raises(AccessDenied):
            bench.rounds(1)
    else:
        bench.rounds(1)
    assert answers == [error]


def counted(name: str) -> float:
    return REGISTRY.get_sample_value(name, {"role": "copy", "project": "demo"}) or 0.0


def test_events_are_counted_when_they_are_committed_and_not_when_nothing_happens(bench: Bench) -> None:
    bench.rounds(1)
    before, there = counted("veil_events_total"), len(bench.broker.committed("audit.demo"))
    bench.put(b"a", b"b")
    bench.faults = [("positions", Abortable("x"))]
    bench.rounds(5)
    new = len(bench.broker.committed("audit.demo")) - there
    assert counted("veil_events_total") - before == new > 0
    last = bench.codec.decode(bench.broker.committed("audit.demo")[-1].value, AuditEvent)
    assert counted("veil_last_event_seconds") * 1000 == last.time


def test_what_waits_for_people_is_told_until_it_is_over(bench: Bench) -> None:
    told = []
    for stands in (True, None, False):
        bench.copy.stands = stands
        bench.rounds(2)
        told.append(counted("veil_stands"))
    assert told == [1, 1, 0]


def test_control_that_is_not_heard_for_30_s_stops_releases(bench: Bench) -> None:
    bench.rounds(1)
    bench.put(b"a")
    heard = ControlReader.fresh
    try:
        ControlReader.fresh = lambda _: False  # type: ignore[method-assign]
        bench.rounds(1)
        assert bench.out() == []
        assert "control" in bench.health.read()[1]
    finally:
        ControlReader.fresh = heard  # type: ignore[method-assign]
    bench.rounds(3)
    assert bench.out() == [b"a"]


class Slow:
    """A first round that takes seconds, at the batch or at Vault; `changed`: whether `control` does meanwhile."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch, where: str, seconds: float, changed: bool):
        self.sizes: list[int] = []
        self.written: list[int] = []
        news: list[str] = []
        work = bench.copy.process

        def passes() -> None:
            bench.clock.wait(seconds)
            news.extend(["policy/demo"] * changed)

        def process(batch: Batch) -> Plan:
            if batch.messages:
                self.sizes.append(len(batch.messages))
                if len(self.sizes) == 1 and where == "batch":
                    passes()
            return work(batch)

        def create(documents: Sequence[tuple[str, bytes]]) -> None:
            self.written.append(len(documents))
            if len(self.written) == 1 and where == "vault":
                passes()

        def poll(_reader: ControlReader, wait_s: float = 0) -> ControlNews:
            return ControlNews((news.pop(),) if news else (), ())

        monkeypatch.setattr(bench.copy, "process", process)
        monkeypatch.setattr(bench.vault, "create_all", create)
        monkeypatch.setattr(ControlReader, "poll", poll)
        monkeypatch.setattr(ControlReader, "fresh", lambda _: True)
        bench.put(b"a", b"b")


@pytest.mark.parametrize("where", ["batch", "vault"])
def test_what_a_long_round_has_decided_before_control_changed_is_begun_anew_one_by_one(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    bench.rounds(1)
    bench.copy.documents = [("view/1", b"")]
    slow = Slow(bench, monkeypatch, where, HOLDS_FOR_S + 1, changed=True)
    bench.rounds(1)
    assert bench.out() == []
    assert "control has changed" in bench.health.read()[1]
    bench.rounds(3)
    assert bench.out() == [b"a", b"b"]
    assert slow.sizes == [2, 1, 1]


def test_what_a_long_round_has_decided_is_begun_anew_where_control_is_heard_no_more(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.rounds(1)
    Slow(bench, monkeypatch, "batch", HOLDS_FOR_S + 1, changed=False)
    heard = [True, False]  # as the round begins, and at its end
    monkeypatch.setattr(ControlReader, "fresh", lambda _: heard.pop(0) if heard else True)
    bench.rounds(1)
    assert bench.out() == []
    bench.rounds(3)
    assert bench.out() == [b"a", b"b"]


@pytest.mark.parametrize(("seconds", "changed"), [(HOLDS_FOR_S + 1, False), (HOLDS_FOR_S - 1, True)])
def test_a_long_round_under_the_same_control_and_a_short_one_are_committed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, seconds: float, changed: bool
) -> None:
    bench.rounds(1)
    slow = Slow(bench, monkeypatch, "batch", seconds, changed)
    bench.rounds(1)
    assert bench.out() == [b"a", b"b"]
    assert slow.sizes == [2]


def test_what_releases_nothing_goes_on_however_long_it_takes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.loop = bench.new(releases=False)
    bench.rounds(1)
    Slow(bench, monkeypatch, "batch", HOLDS_FOR_S + 1, changed=True)
    bench.rounds(1)
    assert bench.out() == [b"a", b"b"]


def test_after_a_long_round_that_was_begun_anew_batches_grow_again_while_they_are_quick(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.rounds(1)
    slow = Slow(bench, monkeypatch, "batch", HOLDS_FOR_S + 1, changed=True)
    bench.put(*(b"%d" % number for number in range(8)))
    bench.rounds(5)
    assert slow.sizes == [10, 1, 2, 4, 3]
    assert len(bench.out()) == 10


def test_where_people_ask_and_no_message_comes_rounds_grow_again_too(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.rounds(1)
    Slow(bench, monkeypatch, "batch", HOLDS_FOR_S + 1, changed=True)
    bench.rounds(3)
    answers = [bench.ask(number) for number in range(20)]
    left: list[int] = []
    while any(not it for it in answers):
        bench.rounds(1)
        left.append(sum(not it for it in answers))
    assert left == [16, 8, 0]


def test_batches_stay_small_while_rounds_are_long(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.rounds(1)
    slow = Slow(bench, monkeypatch, "batch", HOLDS_FOR_S + 1, changed=True)
    bench.rounds(1)
    work = bench.copy.process

    def slowly(batch: Batch) -> Plan:
        bench.clock.wait(HOLDS_FOR_S * 0.6 * len(batch.messages))
        return work(batch)

    monkeypatch.setattr(bench.copy, "process", slowly)
    bench.rounds(3)
    assert slow.sizes == [2, 1, 1]


def test_documents_are_given_to_vault_some_at_a_time_and_none_once_control_has_changed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.rounds(1)
    slow = Slow(bench, monkeypatch, "vault", HOLDS_FOR_S + 1, changed=True)
    bench.copy.documents = [(f"view/{number}", b"") for number in range(2 * WRITTEN_AT_ONCE + 1)]
    bench.rounds(1)
    assert slow.written == [WRITTEN_AT_ONCE]
    bench.rounds(1)
    assert slow.written[1:] == [WRITTEN_AT_ONCE, WRITTEN_AT_ONCE, 1]


def test_every_epoch_begins_with_a_certified_start(bench: Bench) -> None:
    bench.rounds(1)
    bench.loop = bench.new()
    bench.rounds(1)
    events = [bench.codec.decode(m.value, AuditEvent) for m in bench.broker.committed("audit.demo")]
    starts = [event for event in events if event.type is EventType.PROCESS_STARTED]
    assert [(event.epoch, event.sequence) for event in starts] == [(1, 1), (2, 2)]
    assert all(event.certificate is not None for event in starts)


def test_run_stops_when_told_and_says_so(bench: Bench) -> None:
    stop = threading.Event()
    stopping: Callable[[Batch], Plan] = bench.copy.process

    def process(batch: Batch) -> Plan:
        stop.set()
        return stopping(batch)

    bench.copy.process = process  # type: ignore[method-assign]
    bench.loop.run(stop)
    assert bench.health.read()[0] is Condition.STOPPED
    events = [bench.codec.decode(m.value, AuditEvent) for m in bench.broker.committed("audit.demo")]
    assert [event.type for event in events] == [EventType.PROCESS_STARTED, EventType.PROCESS_STOPPED]


# Others stand by


class Here:
    """Says on the state topic that it is here, and that it leaves."""

    def __init__(self) -> None:
        self.entered = 0

    def entering(self) -> list[Outgoing]:
        self.entered += 1
        return [Outgoing("copy-state", b"owner", b"here")]

    def leaving(self) -> list[Outgoing]:
        return [Outgoing("copy-state", b"owner", None)]


@pytest.fixture
def here(bench: Bench) -> Here:
    made = Here()
    bench.loop._presence = made
    return made


def owners(bench: Bench) -> list[bytes | None]:
    return [m.value for m in bench.broker.committed("copy-state") if m.key == b"owner"]


def test_it_says_that_it_is_here_before_it_restores(bench: Bench, here: Here) -> None:

    bench.faults = [("read", LogUnavailable("x"))]
    bench.rounds(1)
    assert owners(bench) == [b"here"]
    assert bench.copy.restored == 0
    bench.rounds(1)
    assert bench.copy.restored == 1
    assert here.entered == 1  # once a session


@pytest.mark.parametrize("error", [Abortable("x"), LogUnavailable("x")])
def test_where_it_could_not_say_so_it_says_so_again(bench: Bench, here: Here, error: Exception) -> None:
    bench.faults = [("before commit", error)]
    bench.rounds(3)
    assert owners(bench) == [b"here"]
    assert here.entered == 2
    assert bench.copy.restored == 1


@pytest.mark.parametrize("where", ["in doubt before", "in doubt after"])
def test_owner_in_doubt_does_not_take_the_slot_back(bench: Bench, here: Here, where: str) -> None:
    """It may have slept, and been replaced meanwhile: opening again would fence whoever has the slot now."""
    bench.rounds(2)
    bench.put(b"a")
    bench.faults = [(where, CommitInDoubt("x"))]
    other = bench.new()
    with pytest.raises(Fenced, match="session is lost"):
        bench.rounds(3)
    other.round()
    assert here.entered == 1


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ("open", LogUnavailable("x")),
        ("in doubt before", CommitInDoubt("x")),
        ("in doubt after", CommitInDoubt("x")),
    ],
)
def test_way_in_that_failed_is_not_tried_again(bench: Bench, here: Here, where: str, error: Exception) -> None:
    """Whoever was fenced by it, and whoever has come since, is on the log, which nobody reads on the way in."""
    bench.faults = [(where, error)]
    bench.rounds(1)
    other = bench.new()
    other._presence = Here()
    other.round()
    with pytest.raises(Fenced, match="session is lost"):
        bench.rounds(1)
    bench.put(b"a")
    other.round()
    assert bench.out() == [b"a"]


def test_owner_that_lost_its_session_by_a_failed_rewind_does_not_take_the_slot_back(
    bench: Bench, here: Here
) -> None:
    bench.rounds(2)
    bench.put(b"a")
    bench.faults = [("before commit", Abortable("x")), ("rewind", LogUnavailable("x"))]
    bench.rounds(1)
    assert bench.faults == []
    other = bench.new()
    with pytest.raises(Fenced, match="session is lost"):
        bench.rounds(1)
    other.round()
    other.round()
    assert bench.out() == [b"a"]


def test_without_others_a_session_that_could_not_be_opened_is_opened_again(bench: Bench) -> None:
    bench.put(b"a")
    bench.faults = [("open", LogUnavailable("x"))]
    bench.rounds(3)
    assert bench.out() == [b"a"]


def test_its_last_transaction_says_that_it_leaves(bench: Bench, here: Here) -> None:
    stop = threading.Event()
    bench.rounds(2)
    stop.set()
    bench.loop.run(stop)
    assert owners(bench) == [b"here", None]


def test_idle_owner_finds_out_that_it_was_replaced(bench: Bench, here: Here) -> None:
    bench.rounds(2)
    other = bench.new()
    other.round()
    bench.rounds(1)  # it has nothing to commit, and does not know
    bench.clock.wait(PROVE_EVERY_S)
    with pytest.raises(Fenced):
        bench.rounds(1)


def test_one_that_stands_by_knows_control_before_it_takes_over(bench: Bench, here: Here) -> None:
    bench.loop.stand_by()
    opened = bench.loop._control
    bench.rounds(1)
    assert opened is not None
    assert bench.loop._control is opened
    assert owners(bench) == [b"here"]


def said(bench: Bench, kind: EventType) -> list[AuditEvent]:
    events = [bench.codec.decode(m.value, AuditEvent) for m in bench.broker.committed("audit.demo")]
    return [event for event in events if event.type is kind]


def gone(bench: Bench) -> None:
    """One record was read; of three more, two are gone while nobody works."""
    bench.rounds(1)
    bench.put(b"a")
    bench.rounds(1)
    bench.loop.close()
    bench.put(b"a", b"a", b"a")
    (place,) = {m.place for m in bench.broker.committed("in")}
    bench.broker.expire(place, 3)


@pytest.mark.parametrize("point", [None, "produce", "in doubt before", "in doubt after"])
def test_what_is_gone_before_it_was_read_is_told_once_and_the_rest_goes_on(
    bench: Bench, point: str | None
) -> None:
    gone(bench)
    bench.loop = bench.new()
    if point is not None:
        bench.faults = [(point, CommitInDoubt("x") if point.startswith("in doubt") else Abortable("x"))]
    bench.rounds(5)
    (event,) = said(bench, EventType.RECORD_LOST)
    assert (event.resource, event.outcome, event.details) == ("message/in/1/1", "lost", {"next": "3"})
    assert bench.out() == [b"a", b"a"]


def test_what_is_gone_is_told_before_a_process_that_others_stand_by_for_says_that_it_is_there(
    bench: Bench,
) -> None:
    gone(bench)
    bench.loop = bench.new()
    bench.loop._presence = Entering()
    bench.rounds(2)
    assert [event.resource for event in said(bench, EventType.RECORD_LOST)] == ["message/in/1/1"]
    assert [m.value for m in bench.broker.committed("copy-state") if m.key == b"owner"] == [b"here"]


class Entering:
    def entering(self) -> Sequence[Outgoing]:
        return [Outgoing("copy-state", b"owner", b"here")]

    def leaving(self) -> Sequence[Outgoing]:
        return []


def test_a_stage_whose_positions_are_forgotten_ends_and_does_nothing_twice(bench: Bench) -> None:
    bench.rounds(1)
    bench.put(b"a")
    bench.rounds(1)
    bench.loop.close()
    bench.broker.groups.clear()
    bench.loop = bench.new()
    with pytest.raises(ConfigError, match=r"copy\.demo\.0 has read before.*group copy\.demo"):
        bench.rounds(1)
    assert bench.out() == [b"a"]


def test_a_stage_that_may_read_once_more_goes_on_where_its_positions_are_forgotten(bench: Bench) -> None:
    bench.rounds(1)
    bench.put(b"a")
    bench.rounds(1)
    bench.loop.close()
    bench.broker.groups.clear()
    bench.loop = bench.new(rereads=True)
    bench.rounds(2)
    assert bench.out() == [b"a", b"a"]


def test_a_stage_that_never_committed_a_position_begins_at_the_beginning(bench: Bench) -> None:
    bench.faults = [("open", LogUnavailable("x"))]
    bench.put(b"a")
    bench.rounds(3)
    assert bench.out() == [b"a"]


def test_a_stage_that_has_no_inputs_any_more_needs_no_position(bench: Bench) -> None:
    """It had some once, and its state says so."""
    bench.rounds(1)
    bench.put(b"a")
    bench.rounds(1)
    bench.loop.close()
    bench.broker.groups.clear()
    bench.inputs = ()
    bench.loop = bench.new()
    bench.rounds(2)
    assert bench.out() == [b"a"]


@pytest.mark.parametrize(("inputs", "waits"), [((), (0.25, 0)), (("in",), (0, 0.25))])
def test_a_round_waits_for_control_where_a_stage_has_no_inputs_and_else_for_these(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, inputs: tuple[str, ...], waits: tuple[float, float]
) -> None:
    bench.inputs = inputs
    bench.loop = bench.new()
    bench.rounds(1)
    waited: list[float] = []
    for kind in (MemoryFollower, MemorySession):

        def poll(self: Any, limit: int, timeout: float, plain: Any = kind.poll) -> list[Message]:
            waited.append(timeout)
            found: list[Message] = plain(self, limit, timeout)
            return found

        monkeypatch.setattr(kind, "poll", poll)
    bench.rounds(2)
    assert waited == [*waits, *waits]


# Traces


class Kept:
    def __init__(self) -> None:
        self.spans: list[Span] = []

    def put(self, spans: Sequence[Span]) -> None:
        self.spans += spans

    def outcomes(self, act: Act) -> list[Outcome]:
        return [span.outcome for span in self.spans if span.act is act]


@pytest.fixture
def kept(bench: Bench) -> Kept:
    """The bench copies labels to verdicts, say, and tells of each."""
    made = Kept()
    bench.broker = Broker({**TOPICS, "labels.demo": 2, "verdicts.demo": 2}, bench._at)
    bench.log = MemoryLog(bench.broker)
    bench.copy.to = "verdicts.demo"
    bench.inputs = ("labels.demo",)
    bench.traces = Traces(Source("copy", "demo", "copy.demo.0"), 1.0, made, bench.clock)
    bench.loop = bench.new()
    return made


def label(bench: Bench, task: bytes) -> None:
    bench.broker.append(Outgoing("labels.demo", task, b"x"))


def test_each_committed_batch_is_told_and_linked_to_the_traces_of_its_records(bench: Bench, kept: Kept) -> None:
    bench.rounds(1)
    label(bench, b"a")
    label(bench, b"b")
    bench.rounds(3)
    (batch,) = [span for span in kept.spans if span.act is Act.BATCH]
    assert {link.trace for link in batch.links} == {trace_of(b"a"), trace_of(b"b")}
    assert sum(taken.records for taken in batch.taken) == 2
    headers = {m.key: m.headers[HEADER] for m in bench.broker.committed("verdicts.demo")}
    assert {key: parent_in(it, trace_of(key)) for key, it in headers.items()} == {
        key: span.id for key in (b"a", b"b") for span in kept.spans if span.trace == trace_of(key)
    }


@pytest.mark.parametrize("point", ["produce", "positions", "before commit"])
def test_an_aborted_batch_is_marked_and_its_repetition_falls_on_the_same_trace(
    bench: Bench, kept: Kept, point: str
) -> None:
    bench.rounds(1)
    label(bench, b"a")
    bench.faults = [(point, Abortable("x"))]
    bench.rounds(4)
    assert kept.outcomes(Act.BATCH) == [Outcome.ABORTED, Outcome.COMMITTED]
    assert kept.outcomes(Act.RECORD) == [Outcome.COMMITTED]
    assert {link.trace for span in kept.spans if span.act is Act.BATCH for link in span.links} == {trace_of(b"a")}


def test_a_commit_in_doubt_leaves_no_record_s_span_and_changes_nothing_else(bench: Bench, kept: Kept) -> None:
    bench.rounds(1)
    label(bench, b"a")
    bench.faults = [("in doubt after", CommitInDoubt("x"))]
    bench.rounds(4)
    assert kept.outcomes(Act.BATCH) == [Outcome.IN_DOUBT]
    assert kept.outcomes(Act.RECORD) == []
    assert len(bench.broker.committed("verdicts.demo")) == 1


def test_idle_rounds_and_restores_are_not_told(bench: Bench, kept: Kept) -> None:
    bench.rounds(5)
    assert kept.spans == []


def test_without_traces_no_record_has_a_header(bench: Bench) -> None:
    bench.put(b"a")
    bench.rounds(3)
    assert [m.headers for m in bench.broker.committed("out")] == [{}]
