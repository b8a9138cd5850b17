"""What an operator finds in a Jaeger that keeps an index on a disk, and what it says of two machines' clocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from deploy.traces.exporter import Exporter
from deploy.traces.otlp import encode
from deploy.traces.setting import PATH, TracesSetting
from streams.engine.clock import SystemClock
from streams.engine.traces.ids import making_of, span_in, trace_of
from streams.engine.traces.spans import Act, Outcome, Source, Span, Taken, Topic
from tests.support.jaeger.server import Jaeger, jaeger
from tests.support.waiting import wait_for

ROLES = ("redact", "label", "join")
HERE, ELSEWHERE, FAILING = (Source(role, "demo", f"{role}.demo.0", role.encode()) for role in ROLES)
SECOND = 1_000_000_000


@pytest.fixture(scope="module")
def asked(tmp_path_factory) -> Iterator[Jaeger]:
    with jaeger(tmp_path_factory.mktemp("indexed") / "jaeger", disk=True) as made:
        yield made


def tell(asked: Jaeger, source: Source, spans: Sequence[Span]) -> None:
    exporter = Exporter(TracesSetting(asked.url + PATH, 1.0), source, encode)
    exporter.put(spans)
    exporter.stop()


def batch(outcome: Outcome) -> Span:
    trace, now = trace_of(outcome.encode()), SystemClock().now() * 1_000_000
    return Span(trace, making_of(trace), None, Act.BATCH, now, now + SECOND, outcome)


def test_each_outcome_is_found_by_its_name_and_all_that_failed_as_errors(asked):
    tell(asked, FAILING, [batch(it) for it in Outcome])
    ids = {it: trace_of(it.encode()).hex() for it in Outcome}
    for trace in ids.values():
        wait_for(lambda trace=trace: asked.trace(trace), "the batch")
    for outcome in Outcome:
        ((found,),) = asked.search("veil-join", **{"veil.outcome": outcome.value})
        assert found.id == making_of(trace_of(outcome.encode())).hex()
    failed = {span.tags["veil.outcome"] for (span,) in asked.search("veil-join", error="true")}
    assert failed == {it.value for it in Outcome} - {Outcome.COMMITTED}


@pytest.mark.parametrize("came_to", [HERE, ELSEWHERE], ids=["one machine", "two machines"])
def test_it_trusts_the_clock_of_one_machine_and_moves_nothing_of_two(asked, came_to):
    trace, now = trace_of(came_to.clock), SystemClock().now() * 1_000_000
    taken = (Taken(Topic.RAW, 0, 0, 1, 1),)
    made = Span(trace, making_of(trace), None, Act.RECORD, now, now + SECOND, Outcome.COMMITTED, taken)
    later = {"began": now + 5 * SECOND, "ended": now + 6 * SECOND}
    came = replace(made, id=span_in(trace, "label.demo.0", 1, 1), parent=made.id, **later)
    tell(asked, HERE, [made])
    tell(asked, came_to, [came])
    first, second = wait_for(lambda: found if len(found := asked.trace(trace.hex())) == 2 else None, "both")
    assert second.began - first.began == 5_000_000
    remarks = asked.remarks(trace.hex())
    assert len(remarks) == (came_to is ELSEWHERE)
    assert all("adjustment disabled" in it for it in remarks)
