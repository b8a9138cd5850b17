"""What a schedule's traces must be, whatever was killed, fenced or in doubt: of what is committed, and of nothing
else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from streams.engine.messages import Message
from streams.engine.traces.ids import HEADER, SpanId, TraceId, making_of, parent_in, trace_of
from streams.engine.traces.spans import Act, Span

MARKED = ("tasks", "work", "labels", "verdicts", "joined")


class Told:
    """A collector that takes everything."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def put(self, spans: Sequence[Span]) -> None:
        self.spans += spans


def faults_of(told: Told, committed: Callable[[str], Iterable[Message]]) -> list[str]:
    """What is wrong, in words. `committed`: the committed records of a kind of topic."""
    marked: dict[SpanId, TraceId] = {}
    found = []
    for kind in MARKED:
        for message in committed(kind):
            trace = trace_of(message.key or b"")
            if message.value is None:
                continue
            if (span := parent_in(message.headers.get(HEADER), trace)) is None:
                found.append(f"a record of {kind} does not name its trace")
            elif kind == "tasks" and span != making_of(trace):
                found.append("a task's header does not follow from its id")
            else:
                marked[span] = trace
    records = [span for span in told.spans if span.act is Act.RECORD]
    if len({span.id for span in told.spans}) != len(told.spans):
        found.append("a span was told twice")
    if any(span.trace not in marked.values() for span in records):
        found.append("a record's span of no task that there is")
    known = {*marked, *(span.id for span in told.spans if span.act is Act.WAITING)}
    if any(span.parent not in known and not _begins(span) for span in records):
        found.append("a span came of what was never committed")
    return found


def _begins(span: Span) -> bool:
    """Of a copy of a raw record no event names the place, so its trace begins where the task is made."""
    return span.parent is None and span.id == making_of(span.trace)
