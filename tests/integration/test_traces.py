"""A record's way as one trace, on the real broker and vault, at a collector of OpenTelemetry's protocol."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from deploy.demo.canaries import Canary
from deploy.demo.search import CanarySearch
from deploy.traces.setting import read_traces
from streams.engine.traces.ids import HEADER, parent_in, trace_of
from tests.support.collector import Collector, attributes, collecting
from tests.support.pipeline import Pipeline
from tests.support.waiting import wait_for
from topology.policies import parse_policy

pytestmark = pytest.mark.stack

POLICY = parse_policy(
    """
name: followed
version: 1
owner: the tests
review_by: 2036-12-31
fields: {customer.name: {category: PERSON, action: placeholder}, text: detect}
labels: {choices: {tone: [good, bad]}}
overlap: 2
""",
    "followed",
)
NAME, MAIL = "Ferdinand Quorrell", "f.quorrell@example.com"
RECORD = {"customer": {"name": NAME}, "text": f"{NAME} wrote from {MAIL} that the kettle broke"}
FOREIGN_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
FOREIGN = (
    ("traceparent", f"00-{FOREIGN_TRACE}-00f067aa0ba902b7-01".encode()),
    ("tracestate", b"quorrell=tracked"),
    ("baggage", b"customer=quorrell"),
)
NEVER = (NAME, MAIL, "quorrell", "kettle", "broke", "customer", "farid", "fiona", "femke", "tone")
ORDER = ("raw", "redact", "label", "decide", "join")
ON_THE_WAY = ("tasks", "labels", "verdicts", "joined")


@dataclass(frozen=True)
class Followed:
    pipeline: Pipeline
    collector: Collector
    task_id: bytes


@pytest.fixture(scope="module")
def followed(pipeline_of):
    pipeline = pipeline_of("followed")
    with collecting() as collector:
        pipeline.traces = read_traces({"VEIL_TRACES": collector.url, "VEIL_TRACES_RATIO": "1"})
        pipeline.sign("flora", "fabian", policy=POLICY)
        pipeline.publish(RECORD)
        (raw,) = pipeline.messages("raw")
        # As a producer that is traced itself would have written it.
        pipeline.write(raw.topic, raw.key, raw.value, [*raw.headers.items(), *FOREIGN])
        pipeline.start()
        pipeline.wait_records("tasks", 2)
        for person in ("farid", "fiona"):
            with pipeline.client("femke", person) as client:
                for _ in range(2):
                    lease = wait_for(client.lease, "a lease")
                    client._http.headers.update({name: value.decode() for name, value in FOREIGN})
                    client.label(lease, [], {"tone": "bad"})
        pipeline.wait_records("joined", 2)
        pipeline.stop()
        yield Followed(pipeline, collector, pipeline.messages("tasks")[0].key)


def way(followed) -> list:
    """The spans of the task's trace, in the order in which they began."""
    trace = trace_of(followed.task_id)
    return sorted(
        (it for it in followed.collector.spans() if it[1].trace_id == trace),
        key=lambda it: it[1].start_time_unix_nano,
    )


def test_a_record_s_way_from_raw_to_joined_is_one_trace_in_causal_order(followed):
    spans = way(followed)
    names = [span.name for _, span in spans]
    assert names[:3] == ["raw", "redact", "label"]
    first = {name: names.index(name) for name in ORDER}
    assert sorted(first, key=first.__getitem__) == list(ORDER)
    assert [span.name for _, span in spans if not span.parent_span_id] == ["raw"]
    by_id = {span.span_id: span for _, span in spans}
    assert len(by_id) == len(spans)
    for _, span in spans[1:]:
        parent = by_id[span.parent_span_id]
        assert parent.end_time_unix_nano <= span.end_time_unix_nano


def test_join_came_of_decide_and_that_of_a_label_that_of_redact_and_that_of_raw(followed):
    by_id = {span.span_id: span for _, span in way(followed)}
    (join,) = [span for span in by_id.values() if span.name == "join"]
    names, span = [], join
    while span is not None:
        names.append(span.name)
        span = by_id.get(span.parent_span_id)
    assert names == [*reversed(ORDER)]


@pytest.mark.parametrize("kind", ON_THE_WAY)
def test_each_record_on_the_way_names_its_task_s_trace(followed, kind):
    found = [m for m in followed.pipeline.messages(kind) if m.value is not None]
    assert found
    for message in found:
        assert parent_in(message.headers[HEADER], trace_of(message.key)) is not None


def test_batches_are_told_with_their_steps_and_linked_to_their_records(followed):
    batches = [span for service, span in followed.collector.spans() if span.name == "redact batch"]
    linked = {link.span_id for batch in batches for link in batch.links}
    assert way(followed)[1][1].span_id in linked
    taken = [attributes(event) for batch in batches for event in batch.events]
    assert {it["veil.topic"] for it in taken} == {"raw"}
    assert sum(it["veil.records"] for it in taken) == 2
    steps = {span.name for _, span in followed.collector.spans() if span.parent_span_id == batches[0].span_id}
    assert steps == {"redact process", "redact documents to Vault", "redact transaction"}


def test_what_join_asks_of_vault_is_counted(followed):
    found = [attributes(span) for _, span in followed.collector.spans() if span.name == "join process"]
    assert sum(it["veil.vault_calls"] for it in found) > 0


def test_a_producer_s_and_an_annotator_s_trace_go_nowhere(followed):
    for kind in (*ON_THE_WAY, "work", "label-state", "decide-state", "audit", "segments"):
        for message in followed.pipeline.messages(kind):
            assert {"tracestate", "baggage"}.isdisjoint(message.headers)
            assert FOREIGN_TRACE.encode() not in message.headers.get(HEADER, b"")
    assert bytes.fromhex(FOREIGN_TRACE) not in followed.collector.received
    assert FOREIGN_TRACE.encode() not in followed.collector.received


def test_the_collector_is_told_no_value_no_answer_and_no_person(followed):
    search = CanarySearch([Canary("planted", text, tuple(text.split())) for text in NEVER])
    assert search.in_bytes(NAME.lower().encode(), "here")
    assert followed.collector.spans()
    assert search.in_bytes(followed.collector.received, "collector") == set()
    assert followed.task_id not in followed.collector.received
