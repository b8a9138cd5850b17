"""Spans in OpenTelemetry's protocol. What has no key here is told to nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1 import trace_pb2 as otlp

from streams.engine.traces.spans import Act, Outcome, Source, Span, Taken, Topic

Told = Outcome | Topic | int
"""All that an attribute of a span can hold."""


class Key(StrEnum):
    """Every attribute there is. Those of the process follow OpenTelemetry's conventions."""

    SERVICE = "service.name"
    INSTANCE = "service.instance.id"
    HOST = "host.id"
    PROJECT = "veil.project"
    OUTCOME = "veil.outcome"
    EPOCH = "veil.epoch"
    ROUND = "veil.round"
    DOCUMENTS = "veil.documents"
    VAULT_CALLS = "veil.vault_calls"
    VAULT_MS = "veil.vault_ms"
    WAITED = "veil.waited_ms"
    TOPIC = "veil.topic"
    PARTITION = "veil.partition"
    FIRST = "veil.first_offset"
    NEXT = "veil.next_offset"
    RECORDS = "veil.records"


def encode(source: Source, spans: Sequence[Span]) -> bytes:
    """One request's body."""
    resource = Resource(attributes=list(_names(source)))
    scope = otlp.ScopeSpans(
        scope=InstrumentationScope(name="veilstream"), spans=[_span(source, it) for it in spans]
    )
    request = ExportTraceServiceRequest(
        resource_spans=[otlp.ResourceSpans(resource=resource, scope_spans=[scope])]
    )
    body: bytes = request.SerializeToString()
    return body


def _names(source: Source) -> Iterator[KeyValue]:
    yield _name(Key.SERVICE, f"veil-{source.role}")
    yield _name(Key.INSTANCE, source.slot)
    yield _name(Key.PROJECT, source.project)
    if source.clock:
        yield _name(Key.HOST, source.clock.hex())


def _span(source: Source, span: Span) -> otlp.Span:
    well = span.outcome is Outcome.COMMITTED
    return otlp.Span(
        trace_id=span.trace,
        span_id=span.id,
        parent_span_id=span.parent or b"",
        name=_name_of(source, span),
        kind=_kind_of(span),
        start_time_unix_nano=span.began,
        end_time_unix_nano=span.ended,
        attributes=list(_attributes(span)),
        events=[_event(span, it) for it in span.taken],
        links=[otlp.Span.Link(trace_id=it.trace, span_id=it.span) for it in span.links],
        status=otlp.Status(code=otlp.Status.STATUS_CODE_OK if well else otlp.Status.STATUS_CODE_ERROR),
    )


def _name_of(source: Source, span: Span) -> str:
    if span.act is Act.WAITING and span.taken:
        return span.taken[0].topic.value
    return source.role if span.act is Act.RECORD else f"{source.role} {span.act.value}"


def _kind_of(span: Span) -> otlp.Span.SpanKind.ValueType:
    """Who answers a task takes nothing from a topic: a label begins there."""
    if span.act is not Act.RECORD:
        return otlp.Span.SPAN_KIND_INTERNAL
    return otlp.Span.SPAN_KIND_CONSUMER if span.taken else otlp.Span.SPAN_KIND_PRODUCER


def _attributes(span: Span) -> Iterator[KeyValue]:
    yield _attribute(Key.OUTCOME, span.outcome)
    numbers = (
        (Key.EPOCH, span.epoch),
        (Key.ROUND, span.round),
        (Key.DOCUMENTS, span.documents),
        (Key.VAULT_CALLS, span.vault_calls),
        (Key.VAULT_MS, span.vault_ms),
        (Key.WAITED, span.waited_ms),
    )
    for key, number in numbers:
        if number is not None:
            yield _attribute(key, number)


SILENT = frozenset({Topic.RAW, Topic.AGAIN})
"""Behind gold on `raw.P` stands the marker of its own transaction: by offsets one could tell it."""


def _event(span: Span, taken: Taken) -> otlp.Span.Event:
    places = ((Key.FIRST, taken.first), (Key.NEXT, taken.next)) if taken.topic not in SILENT else ()
    told: tuple[tuple[Key, Told], ...] = (
        (Key.TOPIC, taken.topic),
        (Key.PARTITION, taken.partition),
        *places,
        (Key.RECORDS, taken.records),
    )
    return otlp.Span.Event(
        name="taken", time_unix_nano=span.began, attributes=[_attribute(key, value) for key, value in told]
    )


def _attribute(key: Key, told: Told) -> KeyValue:
    value = AnyValue(int_value=told) if isinstance(told, int) else AnyValue(string_value=told.value)
    return KeyValue(key=key.value, value=value)


def _name(key: Key, name: str) -> KeyValue:
    return KeyValue(key=key.value, value=AnyValue(string_value=name))
