"""From what the loop says to spans and headers, without a loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from threading import Thread

import pytest

from schemas.audit import BatchCoverage, Event, EventType, OffsetOutcome, RawOutcome
from schemas.errors import Abortable, CommitInDoubt, ConfigError, Fenced, LogUnavailable, VaultUnavailable
from streams.engine.messages import Message, Outgoing
from streams.engine.traces.ids import HEADER, header_of, making_of, parent_in, span_in, trace_of
from streams.engine.traces.spans import Act, Outcome, Source, Span, Topic
from streams.engine.traces.traces import Traces
from tests.simulation.world import SimulatedClock

TASK = b"task-1"
TRACE = trace_of(TASK)
FOREIGN = {
    "traceparent": b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "tracestate": b"vendor=secret",
    "baggage": b"person=secret",
}


class Kept:
    def __init__(self) -> None:
        self.spans: list[Span] = []

    def put(self, spans: Sequence[Span]) -> None:
        self.spans += spans

    def of(self, act: Act) -> list[Span]:
        return [span for span in self.spans if span.act is act]


class Stage:
    """A stage's traces, and a round of it."""

    def __init__(self, role: str, ratio: float = 1.0) -> None:
        self.kept = Kept()
        self.clock = SimulatedClock()
        self.traces = Traces(Source(role, "demo", f"{role}.demo.0"), ratio, self.kept, self.clock)

    def round(self, *messages: Message, out: Sequence[Outgoing] = (), documents=0, events=()) -> list[Outgoing]:
        marked = self.begun(*messages, out=out, documents=documents, events=events)
        self.traces.committed()
        return marked

    def begun(self, *messages, out=(), documents=0, events=()) -> list[Outgoing]:
        self.traces.begin(1, messages)
        self.clock.wait(0.2)
        self.traces.processed(documents)
        self.clock.wait(0.03)
        marked = self.traces.marked(out, events)
        self.clock.wait(0.004)
        return list(marked)


def message(kind: str, offset: int = 0, key: bytes = TASK, header: bytes | None = None, partition=0) -> Message:
    headers = {} if header is None else {HEADER: header}
    return Message(f"{kind}.demo", partition, offset, key, b"sealed", headers, 1_699_999_999_000)


def written(kind: str, key: bytes = TASK, value: bytes | None = b"sealed") -> Outgoing:
    return Outgoing(f"{kind}.demo", key, value, (("own", b"1"),))


def header(outgoing: Outgoing) -> bytes | None:
    return dict(outgoing.headers).get(HEADER)


def test_the_header_of_a_task_follows_from_its_id_alone():
    """Also where the batch is repeated, by another process, at another time: the same bytes on `tasks.P`."""
    one, other = Stage("redact"), Stage("redact")
    other.clock.wait(3600)
    other.round(message("raw"))
    (first,) = one.round(message("raw", 4), out=[written("tasks")])
    (again,) = other.round(message("raw", 4), out=[written("tasks")])
    assert first == again
    assert header(first) == header_of(TRACE, making_of(TRACE))
    assert first.headers[0] == ("own", b"1")


def test_a_producer_s_trace_changes_nothing():
    plain, foreign = Stage("redact"), Stage("redact")
    raw = message("raw")
    marked = plain.round(raw, out=[written("tasks")])
    theirs = Message(raw.topic, 0, 0, raw.key, raw.value, FOREIGN, raw.timestamp)
    assert foreign.round(theirs, out=[written("tasks")]) == marked
    assert foreign.kept.spans == plain.kept.spans


def test_redact_s_span_is_the_root_and_the_next_one_hangs_from_it_by_the_header():
    redact, label = Stage("redact"), Stage("label")
    (task,) = redact.round(message("raw"), out=[written("tasks")])
    label.round(message("tasks", header=header(task)))
    (root,), (span,) = redact.kept.of(Act.RECORD), label.kept.of(Act.RECORD)
    assert (root.trace, root.id, root.parent) == (TRACE, making_of(TRACE), None)
    assert (span.trace, span.parent) == (TRACE, root.id)
    assert span.waited_ms == 1_000
    assert span.ended - span.began == 234_000_000


def test_a_trace_begins_where_the_raw_record_waited():
    """Which offset a task came of is told by the event that covers the batch."""
    redact = Stage("redact")
    outcomes = (OffsetOutcome(4, RawOutcome.EMPTY), OffsetOutcome(5, RawOutcome.TASK, TASK.decode()))
    covering = Event(EventType.BATCH_REDACTED, "batch/x", batch=BatchCoverage("raw.demo", 1, 4, 6, outcomes))
    redact.round(message("raw"), message("raw", 5, partition=1), out=[written("tasks")], events=[covering])
    (waiting,), (record,) = redact.kept.of(Act.WAITING), redact.kept.of(Act.RECORD)
    assert (waiting.trace, waiting.parent) == (TRACE, None)
    assert (waiting.began, waiting.ended) == (1_699_999_999_000_000_000, record.began)
    assert (record.parent, record.waited_ms) == (waiting.id, 1_000)
    assert [(it.topic, it.partition, it.first) for it in record.taken] == [(Topic.RAW, 1, 5)]


def test_a_broker_s_clock_that_is_ahead_makes_no_wait_negative():
    redact = Stage("redact")
    covering = Event(
        EventType.BATCH_REDACTED,
        "batch/x",
        batch=BatchCoverage("raw.demo", 0, 0, 1, (OffsetOutcome(0, RawOutcome.TASK, TASK.decode()),)),
    )
    ahead = replace(message("raw"), timestamp=redact.clock.now() + 60_000)
    redact.round(ahead, out=[written("tasks")], events=[covering])
    (waiting,) = redact.kept.of(Act.WAITING)
    assert waiting.began == waiting.ended


def test_an_answer_of_a_person_hangs_from_the_task():
    label = Stage("label")
    (answer,) = label.round(out=[written("labels")])
    (span,) = label.kept.of(Act.RECORD)
    assert (span.trace, span.parent) == (TRACE, making_of(TRACE))
    assert parent_in(header(answer), TRACE) == span.id


def test_a_verdict_on_two_labels_hangs_from_the_last_and_is_linked_to_the_other():
    spans = [span_in(TRACE, "label.demo.0", 1, number) for number in (1, 2)]
    decide = Stage("decide")
    labels = [message("labels", at, header=header_of(TRACE, span)) for at, span in enumerate(spans)]
    (verdict,) = decide.round(*labels, out=[written("verdicts")])
    (record,), (batch,) = decide.kept.of(Act.RECORD), decide.kept.of(Act.BATCH)
    assert record.parent == spans[1]
    assert [link.span for link in record.links] == [batch.id, spans[0]]
    assert parent_in(header(verdict), TRACE) == record.id


@pytest.mark.parametrize("forged", [FOREIGN["traceparent"], b"x", header_of(trace_of(b"x"), making_of(TRACE))])
def test_a_forged_header_counts_as_none(forged):
    label = Stage("label")
    label.round(message("tasks", header=forged))
    (span,) = label.kept.of(Act.RECORD)
    assert (span.trace, span.parent) == (TRACE, making_of(TRACE))


def test_a_batch_is_told_by_place_with_its_steps_and_linked_to_its_records():
    redact = Stage("redact")
    batch = [message("raw", 4), message("raw", 6), message("raw", 1, partition=1)]
    redact.round(*batch, out=[written("tasks"), written("tasks", b"task-2")], documents=3)
    (told,) = redact.kept.of(Act.BATCH)
    places = [(it.topic, it.partition, it.first, it.next, it.records) for it in told.taken]
    assert places == [(Topic.RAW, 0, 4, 7, 2), (Topic.RAW, 1, 1, 2, 1)]
    assert {(link.trace, link.span) for link in told.links} == {
        (span.trace, span.id) for span in redact.kept.of(Act.RECORD)
    }
    steps = [(it.act, (it.ended - it.began) // 1_000_000, it.documents) for it in redact.kept.spans[-3:]]
    assert steps == [(Act.PROCESS, 200, None), (Act.DOCUMENTS, 30, 3), (Act.TRANSACTION, 4, None)]
    assert {it.parent for it in redact.kept.spans[-3:]} == {told.id}


def test_what_the_stage_asked_of_vault_is_counted_while_it_processes():
    join = Stage("join")
    join.traces.vault_called(9.0)
    join.traces.begin(1, [message("verdicts")])
    join.traces.vault_called(0.25)
    join.traces.vault_called(0.5)
    other = Thread(target=join.traces.vault_called, args=(9.0,))  # a person's, in a thread of the server
    other.start()
    other.join()
    join.traces.processed(1)
    join.traces.vault_called(9.0)
    join.traces.committed()
    (span,) = join.kept.of(Act.PROCESS)
    assert (span.vault_calls, span.vault_ms) == (2, 750)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Abortable("secret"), Outcome.ABORTED),
        (CommitInDoubt("secret"), Outcome.IN_DOUBT),
        (Fenced("secret"), Outcome.FENCED),
        (VaultUnavailable("secret"), Outcome.VAULT_UNAVAILABLE),
        (LogUnavailable("secret"), Outcome.LOG_UNAVAILABLE),
        (ConfigError("secret"), Outcome.FAILED),
    ],
)
def test_a_round_that_failed_says_its_kind_and_no_record_has_a_span_of_it(error, outcome):
    label = Stage("label")
    parent = making_of(TRACE)
    label.begun(message("tasks", header=header_of(TRACE, parent)), out=[written("labels")])
    label.traces.failed(error)
    assert label.kept.of(Act.RECORD) == []
    (batch,) = label.kept.of(Act.BATCH)
    assert batch.outcome is outcome
    assert [(link.trace, link.span) for link in batch.links] == [(TRACE, parent)]
    assert [(it.act, it.outcome) for it in label.kept.spans[1:]] == [
        (Act.PROCESS, Outcome.COMMITTED),
        (Act.TRANSACTION, outcome),
    ]


def test_a_round_that_failed_while_it_was_processed_has_no_later_steps():
    label = Stage("label")
    label.traces.begin(1, [message("tasks")])
    label.clock.wait(0.1)
    label.traces.failed(VaultUnavailable("secret"))
    assert [(it.act, it.outcome) for it in label.kept.spans] == [
        (Act.BATCH, Outcome.VAULT_UNAVAILABLE),
        (Act.PROCESS, Outcome.VAULT_UNAVAILABLE),
    ]


def test_without_a_round_nothing_is_marked_and_nothing_told():
    label = Stage("label")
    label.traces.failed(Abortable("x"))
    label.traces.begin(1, [message("tasks")])
    label.traces.nothing()
    label.traces.committed()
    outputs = [written("work")]
    assert label.traces.marked(outputs, []) == outputs
    assert label.kept.spans == []


@pytest.mark.parametrize("kind", ["label-state", "audit", "people", "scores", "segments", "again", "quarantine"])
def test_only_records_of_a_task_on_its_way_are_marked(kind):
    outputs = [written(kind)]
    assert Stage("decide").round(message("labels"), out=outputs) == outputs


def test_a_tombstone_has_no_span():
    label = Stage("label")
    label.round(replace(message("tasks"), value=None))
    assert label.kept.of(Act.RECORD) == []


def test_a_tombstone_is_not_marked():
    outputs = [written("tasks", value=None)]
    assert Stage("redact").round(message("raw"), out=outputs) == outputs


def test_when_somebody_asks_for_a_task_is_not_told():
    label = Stage("label")
    label.round(out=[written("label-state"), written("audit")])
    assert label.kept.spans == []


def test_gold_and_other_records_look_alike_at_join():
    """Only the outputs differ, and how many there are is not told; who reads `joined.P` tells nothing."""
    joined, gold = Stage("join"), Stage("join")
    joined.round(message("verdicts"), out=[written("joined"), written("audit")])
    gold.round(message("verdicts"), out=[written("scores", b"person"), written("scores"), written("audit")])
    assert joined.kept.spans == gold.kept.spans
    keeper = Stage("keeper")
    keeper.round(message("joined"), message("scores"), out=[written("audit")])
    assert keeper.kept.spans == []


def test_what_is_not_sampled_has_no_header_and_no_span():
    stage = Stage("redact", ratio=0.0)
    outputs = [written("tasks")]
    assert stage.round(message("raw"), out=outputs) == outputs
    assert stage.kept.spans == []
