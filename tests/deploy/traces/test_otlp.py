"""What a span and its process are in OpenTelemetry's protocol."""

from __future__ import annotations

from dataclasses import replace

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1 import trace_pb2 as otlp

from deploy.traces.clock import BOOT_ID, clock_of_machine
from deploy.traces.otlp import encode
from streams.engine.traces.ids import making_of, trace_of
from streams.engine.traces.spans import Act, Outcome, Source, Span, Taken, Topic
from tests.support.collector import attributes

SOURCE = Source("label", "demo", "label.demo.0")
TAKEN = (Taken(Topic.TASKS, 1, 4, 9, 3),)
TRACE = trace_of(b"task")
SPAN = Span(TRACE, making_of(TRACE), None, Act.RECORD, 1_000, 3_000, Outcome.COMMITTED, TAKEN)


def resource_of(source: Source, *spans: Span) -> otlp.ResourceSpans:
    (found,) = ExportTraceServiceRequest.FromString(encode(source, spans)).resource_spans
    return found


@pytest.mark.parametrize(
    ("span", "kind"),
    [
        (SPAN, otlp.Span.SPAN_KIND_CONSUMER),
        (replace(SPAN, taken=()), otlp.Span.SPAN_KIND_PRODUCER),
        (replace(SPAN, act=Act.BATCH), otlp.Span.SPAN_KIND_INTERNAL),
        (replace(SPAN, act=Act.WAITING), otlp.Span.SPAN_KIND_INTERNAL),
    ],
    ids=["what came by a topic", "a person's answer", "a batch", "a wait"],
)
def test_who_takes_a_record_consumes_and_whose_answer_it_is_produces(span, kind):
    assert resource_of(SOURCE, span).scope_spans[0].spans[0].kind == kind


def test_processes_that_go_by_one_clock_say_the_same_host():
    told = attributes(resource_of(replace(SOURCE, clock=bytes(range(16))), SPAN).resource)
    assert told["host.id"] == "000102030405060708090a0b0c0d0e0f"
    assert "host.id" not in attributes(resource_of(SOURCE, SPAN).resource)


def test_a_clock_is_a_hash_that_changes_with_each_boot(tmp_path):
    for name in ("one", "another"):
        (tmp_path / name).write_text(f"{name}\n")
    one, another = (clock_of_machine(tmp_path / name) for name in ("one", "another"))
    assert one != another
    assert clock_of_machine(tmp_path / "one") == one
    assert len(one) == 16
    assert b"one" not in one


def test_where_no_kernel_says_its_boot_no_clock_is_told(tmp_path):
    (tmp_path / "empty").touch()
    assert clock_of_machine(tmp_path / "none") == clock_of_machine(tmp_path / "empty") == b""


@pytest.mark.skipif(not BOOT_ID.exists(), reason="not a Linux")
def test_this_machine_has_one():
    assert len(clock_of_machine()) == 16
