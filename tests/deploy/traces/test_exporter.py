"""Spans at a collector, and what becomes of them where it doesn't answer: nobody waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from deploy.traces import exporter as exporting
from deploy.traces.exporter import QUEUE_SPANS, Exporter
from deploy.traces.otlp import Key, encode
from deploy.traces.setting import TracesSetting
from streams.engine.traces.ids import making_of, trace_of
from streams.engine.traces.spans import Act, Link, Outcome, Source, Span, Taken, Topic
from tests.support.collector import Collector, attributes, collecting
from tests.support.waiting import wait_for

SOURCE = Source("label", "demo", "label.demo.0")
TRACE = trace_of(b"task")
SPAN = Span(
    TRACE, making_of(TRACE), making_of(trace_of(b"other")), Act.RECORD, 1_000, 3_000, Outcome.ABORTED,
    (Taken(Topic.TASKS, 1, 4, 9, 3),), (Link(TRACE, making_of(TRACE)),), 2, 3, 5, 6, 7, 17,
)  # fmt: skip


def fate(name: str) -> float:
    return REGISTRY.get_sample_value("veil_trace_spans_total", {"fate": name}) or 0.0


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(exporting, "GATHER_S", 0.01)
    monkeypatch.setattr(exporting, "PAUSE_S", 0.01)


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as made:
        yield made


def exporter_to(url: str) -> Exporter:
    return Exporter(TracesSetting(f"{url}/v1/traces", 1.0), SOURCE, encode)


def test_a_span_arrives_as_it_is(collector):
    exporter = exporter_to(collector.url)
    exporter.put([SPAN])
    exporter.stop()
    ((service, span),) = collector.spans()
    assert (service, span.name) == ("veil-label", "label")
    assert (span.trace_id, span.span_id, span.parent_span_id) == (SPAN.trace, SPAN.id, SPAN.parent)
    assert (span.start_time_unix_nano, span.end_time_unix_nano) == (1_000, 3_000)
    assert attributes(span) == {
        "veil.outcome": "aborted", "veil.epoch": 2, "veil.round": 3, "veil.documents": 5,
        "veil.vault_calls": 6, "veil.vault_ms": 7, "veil.waited_ms": 17,
    }  # fmt: skip
    (event,) = span.events
    assert attributes(event) == {
        "veil.topic": "tasks", "veil.partition": 1,
        "veil.first_offset": 4, "veil.next_offset": 9, "veil.records": 3,
    }  # fmt: skip
    assert [(link.trace_id, link.span_id) for link in span.links] == [(TRACE, making_of(TRACE))]
    assert (span.status.code, span.status.message) == (2, "")


def test_every_attribute_is_of_the_vocabulary(collector):
    exporter = exporter_to(collector.url)
    exporter.put([SPAN])
    exporter.stop()
    ((_, span),) = collector.spans()
    assert {*attributes(span), *attributes(span.events[0])} <= {key.value for key in Key}


def test_a_collector_that_never_answers_holds_nobody_up_and_costs_spans_only(collector):
    collector.silent.set()
    lost = fate("overflow")
    exporter = exporter_to(collector.url)
    exporter.put([SPAN])
    assert collector.asked.wait(30)
    exporter.put([SPAN] * QUEUE_SPANS)  # returns, though nothing has been taken
    exporter.put([SPAN] * 3)
    assert fate("overflow") == lost + 3
    collector.silent.clear()
    collector.goes_on.set()
    wait_for(lambda: len(collector.spans()) == QUEUE_SPANS + 1 or None, "the rest, once it answers")
    exporter.stop()


@pytest.mark.parametrize("status", [301, 400, 503])
def test_what_a_collector_refuses_is_counted_and_the_next_goes_on(collector, status):
    collector.status = status
    unsent, sent = fate("unsent"), fate("sent")
    exporter = exporter_to(collector.url)
    exporter.put([SPAN])
    wait_for(lambda: fate("unsent") == unsent + 1 or None, "the refusal")
    collector.status = 200
    exporter.put([SPAN])
    wait_for(lambda: fate("sent") == sent + 1 or None, "the next")
    exporter.stop()


def test_a_collector_that_is_not_there_is_tried_again():
    with collecting() as gone:
        url = gone.url
    unsent = fate("unsent")
    exporter = exporter_to(url)
    for more in (1, 2):
        exporter.put([SPAN])
        wait_for(lambda more=more: fate("unsent") == unsent + more or None, "the attempt")
    exporter.stop()


def test_ending_does_not_wait_for_a_collector_that_never_answers(collector, monkeypatch):
    monkeypatch.setattr(exporting, "LEAVE_S", 0.01)
    collector.silent.set()
    exporter = exporter_to(collector.url)
    exporter.put([SPAN])
    assert collector.asked.wait(30)
    exporter.stop()
    assert exporter._thread.is_alive()
    collector.goes_on.set()
    exporter._thread.join()  # what it counts is not to be another test's


def test_nothing_that_a_collector_answers_is_kept(collector):
    """Cookies come back otherwise, as many as it likes to give."""
    sent = fate("sent")
    exporter = exporter_to(collector.url)
    for more in (1, 2):
        exporter.put([SPAN])
        wait_for(lambda more=more: fate("sent") == sent + more or None, "the request")
    exporter.stop()
    assert len(collector.heads) == 2
    assert not [it for it in collector.heads if "cookie" in it.lower()]


def test_no_certificates_cost_spans_only(tmp_path):
    (tmp_path / "ca.pem").write_text("none")
    unsent = fate("unsent")
    exporter = Exporter(
        TracesSetting("https://127.0.0.1:1/v1/traces", 1.0, str(tmp_path / "ca.pem")), SOURCE, encode
    )
    for more in (1, 2):
        exporter.put([SPAN])
        wait_for(lambda more=more: fate("unsent") == unsent + more or None, "the spans that go nowhere")
    exporter.stop()


def test_offsets_of_raw_records_are_told_to_nobody(collector):
    exporter = exporter_to(collector.url)
    exporter.put([replace(SPAN, taken=(Taken(Topic.RAW, 1, 4, 9, 3), Taken(Topic.AGAIN, 0, 4, 9, 3)))])
    exporter.stop()
    ((_, span),) = collector.spans()
    assert [attributes(it).keys() for it in span.events] == [{"veil.topic", "veil.partition", "veil.records"}] * 2
