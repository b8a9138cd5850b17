"""From a round to its spans, all in values: what was taken, what came of it, and when.

A *record's* spans are in its task's trace, one for each round that had to do with the task, told once that is
committed. The *batch's* are in a trace of their own, aborted ones too, linked to the records' spans.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from schemas.audit import Event
from streams.engine.messages import Message, Outgoing, TopicPartition
from streams.engine.traces.ids import (
    HEADER,
    SpanId,
    TraceId,
    header_of,
    is_sampled,
    making_of,
    parent_in,
    span_in,
    trace_of,
    trace_of_round,
)
from streams.engine.traces.spans import Act, Link, Outcome, Source, Span, Taken, Topic

KEYED_BY_TASK = frozenset({Topic.TASKS, Topic.WORK, Topic.LABELS, Topic.VERDICTS})
WRITTEN = frozenset({*(it.value for it in KEYED_BY_TASK), "joined"})
"""Kinds of topics whose records get a header: theirs are keyed by the task. `joined.P` is where the way ends."""
MOST_LINKS = 128
"""OpenTelemetry's own limit."""


@dataclass(frozen=True, slots=True)
class Times:
    """Of a round, in nanoseconds; a step that it never came to took no time."""

    began: int
    processed: int
    prepared: int
    ended: int


@dataclass(slots=True)
class Work:
    """What a round has to do and did. Of Vault: what the stage itself asked while it processed the batch."""

    messages: Sequence[Message]
    documents: int = 0
    vault_calls: int = 0
    vault_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Round:
    """One round of a slot, by the values that traces are made of."""

    source: Source
    epoch: int
    number: int
    began_ms: int
    ratio: float

    @property
    def trace(self) -> TraceId:
        """Its own trace."""
        return trace_of_round(self.source.slot, self.epoch, self.number, self.began_ms)

    def span(self, trace: TraceId, part: str = "") -> SpanId:
        """Its span in a trace."""
        return span_in(trace, self.source.slot, self.epoch, self.number, part)


@dataclass(slots=True)
class Passage:
    """A task on its way through a round. `last`: the message that it came by, if it came by one."""

    last: Message | None = None
    parents: tuple[SpanId, ...] = ()
    is_made: bool = False


Passages = dict[TraceId, Passage]


def arrived(messages: Sequence[Message], ratio: float) -> Passages:
    """The tasks that came with a batch and are told."""
    found: Passages = {}
    for message in messages:
        if topic_of(message.topic) not in KEYED_BY_TASK or message.value is None:
            continue  # a tombstone names a task that may never have been
        trace = trace_of(message.key or b"")
        if is_sampled(trace, ratio):
            passage = found.setdefault(trace, Passage())
            parent = parent_in(message.headers.get(HEADER), trace) or making_of(trace)
            passage.last = message
            passage.parents = (parent, *(it for it in passage.parents if it != parent))
    return found


def marked(outputs: Sequence[Outgoing], round_: Round, passages: Passages) -> list[Outgoing]:
    """The records with their headers; `passages` learns of tasks that came from raw, or by a person."""
    return [_marked(it, round_, passages) for it in outputs]


def _marked(outgoing: Outgoing, round_: Round, passages: Passages) -> Outgoing:
    kind = outgoing.topic.partition(".")[0]
    if kind not in WRITTEN or outgoing.value is None:
        return outgoing
    trace = trace_of(outgoing.key)
    if not is_sampled(trace, round_.ratio):
        return outgoing
    passage = passages.setdefault(trace, Passage())
    passage.is_made = passage.is_made or kind == Topic.TASKS
    header = (HEADER, header_of(trace, _span_of(trace, passage, round_)))
    return replace(outgoing, headers=(*outgoing.headers, header))


def _span_of(trace: TraceId, passage: Passage, round_: Round) -> SpanId:
    return making_of(trace) if passage.is_made else round_.span(trace)


def originate(passages: Passages, messages: Sequence[Message], events: Sequence[Event]) -> None:
    """Find of what messages the tasks were made, by what the batch's events cover."""
    if not any(passage.is_made for passage in passages.values()):
        return
    places = {(it.topic, it.partition, it.offset): it for it in messages}
    for batch in (event.batch for event in events if event.batch is not None):
        for outcome in batch.outcomes:
            passage = passages.get(trace_of(outcome.task_id.encode())) if outcome.task_id else None
            if passage is not None and passage.is_made:
                passage.last = places.get((batch.topic, batch.partition, outcome.offset))


def told(round_: Round, work: Work, passages: Passages, times: Times, outcome: Outcome) -> Iterator[Span]:
    """The spans of a round that has ended. None where no record's way goes through it: when somebody
    asks for tasks is nobody's business here.
    """
    taken = tuple(_taken(work.messages))
    if not (taken or passages):
        return
    if outcome is Outcome.COMMITTED:
        for trace, passage in passages.items():
            yield from _waiting(round_, trace, passage, times)
            yield _record(round_, trace, passage, times)
    if not passages and not is_sampled(round_.trace, round_.ratio):
        return
    batch = Span(
        round_.trace, round_.span(round_.trace), None, Act.BATCH, times.began, times.ended, outcome,
        taken, tuple(_links(round_, passages, outcome)), round_.epoch, round_.number,
    )  # fmt: skip
    yield batch
    yield from _steps(round_, batch, times, work)


def _steps(round_: Round, batch: Span, times: Times, work: Work) -> Iterator[Span]:
    """What the round spent its time on, as far as it came; the last step ended as the round did."""

    def step(act: Act, began: int, ended: int) -> Span:
        outcome = batch.outcome if ended >= times.ended else Outcome.COMMITTED
        return Span(batch.trace, round_.span(batch.trace, act.value), batch.id, act, began, ended, outcome)

    process = step(Act.PROCESS, times.began, times.processed)
    yield replace(process, vault_calls=work.vault_calls, vault_ms=round(work.vault_s * 1_000))
    if work.documents and times.processed < times.ended:
        yield replace(step(Act.DOCUMENTS, times.processed, times.prepared), documents=work.documents)
    if times.prepared < times.ended:
        yield step(Act.TRANSACTION, times.prepared, times.ended)


def _waiting(round_: Round, trace: TraceId, passage: Passage, times: Times) -> Iterator[Span]:
    """Where a trace begins: the raw record on its topic. Later waits are what lies between two spans."""
    if passage.is_made and passage.last is not None:
        began = min(passage.last.timestamp * 1_000_000, times.began)
        span = round_.span(trace, Act.WAITING)
        taken = tuple(_taken([passage.last]))
        yield Span(trace, span, None, Act.WAITING, began, times.began, Outcome.COMMITTED, taken)


def _record(round_: Round, trace: TraceId, passage: Passage, times: Times) -> Span:
    first, *others = _parents(round_, trace, passage)
    links = [Link(trace, it) for it in others if it is not None][: MOST_LINKS - 1]
    last = passage.last
    return Span(
        trace, _span_of(trace, passage, round_), first, Act.RECORD, times.began, times.ended, Outcome.COMMITTED,
        tuple(_taken([last] if last else [])),
        (Link(round_.trace, round_.span(round_.trace)), *links),
        waited_ms=max(0, round_.began_ms - last.timestamp) if last else None,
    )  # fmt: skip


def _parents(round_: Round, trace: TraceId, passage: Passage) -> tuple[SpanId | None, ...]:
    if passage.is_made:
        return (round_.span(trace, Act.WAITING) if passage.last is not None else None,)
    return passage.parents or (making_of(trace),)


def _links(round_: Round, passages: Mapping[TraceId, Passage], outcome: Outcome) -> Iterator[Link]:
    """To the records' spans; of a round that wrote nothing, to those that the records came of."""
    for trace, passage in list(passages.items())[:MOST_LINKS]:
        if outcome is Outcome.COMMITTED:
            yield Link(trace, _span_of(trace, passage, round_))
        else:
            yield Link(trace, passage.parents[0] if passage.parents else making_of(trace))


def _taken(messages: Sequence[Message]) -> Iterator[Taken]:
    groups: dict[TopicPartition, list[Message]] = {}
    for message in messages:
        groups.setdefault(message.place, []).append(message)
    for place, found in sorted(groups.items()):
        if (topic := topic_of(place.topic)) is not None:
            yield Taken(topic, place.partition, found[0].offset, found[-1].offset + 1, len(found))


def topic_of(name: str) -> Topic | None:
    """The kind of a topic (`tasks.demo`), if a record's way goes over it."""
    return _TOPICS.get(name.partition(".")[0])


_TOPICS = {it.value: it for it in Topic}
