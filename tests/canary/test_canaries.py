"""DESIGN §2.1: what a tag or a detector found is nowhere in clear, in no form, and neither is a denied name.

Searched byte for byte: every record of every topic, the broker's log segments, Vault's storage, all logs,
temporary files, what the HTTP servers answer; for values whole, in words, lower-cased, and encoded.
"""

from __future__ import annotations

import base64

import httpx
import pytest

from deploy.demo.canaries import Aviary
from deploy.demo.records import customer_schema
from deploy.demo.search import CanarySearch
from deploy.local.endpoints import load_endpoints
from deploy.publishing import publishing
from deploy.registering import register
from schemas.audit import EventType
from schemas.codec import MAGIC, PREFIX
from schemas.quarantine_release import QuarantineRelease, ReleaseReason
from schemas.records import LabelSpan
from streams.label.client import LabelClient
from tests.canary.planting import control_canary, plant
from tests.support.waiting import wait_for
from topology.flow import Scope
from topology.topics import topics

pytestmark = pytest.mark.stack

SEED = 20
REVISIONS = 2
"""Of each record: it is redacted once more, by an order. What is in quarantine then comes back by a release."""
CONTROL = b"control"
"""Key of the record that is planted in clear, to be found."""
ANNOTATORS = ("ava", "abel", "aron")


class Recording(httpx.HTTPTransport):
    """Keeps every answer: status line, headers, body."""

    def __init__(self):
        super().__init__()
        self.answers: list[bytes] = []

    def handle_request(self, request):
        answer = super().handle_request(request)
        headers = b"\n".join(name + b": " + value for name, value in answer.headers.raw)
        self.answers.append(headers + b"\n\n" + answer.read())
        return answer


@pytest.fixture(scope="module")
def aviary():
    return Aviary(SEED)


@pytest.fixture(scope="module")
def planted(pipeline, addresses, aviary):
    pipeline.sign("axel", "agnes")
    register(load_endpoints(pipeline.root / "run" / "endpoints.json"), pipeline.project, customer_schema())
    with publishing(pipeline.root, pipeline.project) as publisher:
        made = plant(publisher, aviary)
    pipeline.wait_records("tasks", made.tasks)
    pipeline.wait_records("quarantine", made.quarantined)
    pipeline.order_again("otto", "agnes")
    pipeline.wait_records("tasks", REVISIONS * made.tasks)
    held = pipeline.wait_records("quarantine", REVISIONS * made.quarantined)
    for raw in (entry.raw for entry in held if entry.raw.revision == REVISIONS):
        order = QuarantineRelease(raw.partition, raw.offset, raw.revision, 1, ReleaseReason.MENDED)
        pipeline.release("otto", "agnes", order=order)
    pipeline.wait_records("quarantine", (REVISIONS + 1) * made.quarantined)
    return made


@pytest.fixture(scope="module")
def typed(aviary):
    """What each annotator writes about a task: somebody's name and address, as if from memory."""
    names = {person: aviary.person() for person in ANNOTATORS}
    return {who: f"Is this {it.name.value}, {it.email.value}, or not?" for who, it in names.items()}


def commented(client, lease, text):
    """The writer is told once there is nothing left to wait for."""
    client.comment(lease, text)
    wait_for(lambda: all(it.standing != "waiting" for it in client.comments(lease).comments), "it is redacted")


@pytest.fixture(scope="module")
def answers(pipeline, addresses, planted, typed):
    """What annotators were answered, mistakes of theirs included, until everything was joined."""
    recording = Recording()
    tokens = {person: pipeline.token("otto", person) for person in ANNOTATORS}
    untold = dict(typed)

    def label_all():
        for person in ANNOTATORS:
            url = addresses["label"].api_url
            with LabelClient(url, pipeline.project, lambda p=person: tokens[p], transport=recording) as client:
                while (lease := client.lease()) is not None:
                    if person in untold:
                        commented(client, lease, untold.pop(person))
                    field = min(lease.fields)
                    span = LabelSpan(field, 0, len(lease.fields[field]), "PRODUCT")
                    client.label(lease, [span], {"tone": "neutral"})
                client.me()
                client.stats()
        return len(pipeline.records("joined")) >= planted.tasks  # of the first revisions none: superseded

    wait_for(label_all, "everything is joined")
    wrong_requests(recording, addresses["label"].api_url, pipeline.project, tokens["ava"])
    return recording.answers


def wrong_requests(recording, url, project, token):
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url, transport=recording, headers=headers) as client:
        client.post(f"/v1/projects/{project}/leases", content=b"{not json")
        client.post("/v1/leases/none-1/label", json={"fencing_token": 1, "result": {"spans": "x"}})
        client.get(f"/v1/projects/{project}-other/stats")
        client.get("/nowhere")


@pytest.fixture(scope="module")
def search(aviary, planted, typed):
    return CanarySearch(aviary.planted)


def test_no_record_behind_raw_holds_a_canary(pipeline, planted, answers, search):
    names = [spec.name for spec in topics(pipeline.topology)]
    ours = [
        name for name in names if name.endswith(f".{pipeline.project}") or name in ("control", "audit.platform")
    ]
    assert len(ours) > 10
    hits = set()
    for name in ours:
        for message in pipeline.log.read(name):
            headers = [part for pair in message.headers.items() for part in (pair[0].encode(), pair[1])]
            hits |= search.in_bytes(b"\n".join((message.key or b"", message.value or b"", *headers)), name)
    assert not hits
    assert len(pipeline.messages("raw")) == planted.records


def test_each_topic_holds_the_types_of_record_that_the_flow_names(pipeline, planted, answers):
    found = set()
    for kind in pipeline.topology.flow.topics.values():
        for message in pipeline.messages(kind.name) if kind.scope is Scope.PROJECT else ():
            if message.value and kind.records and message.key != CONTROL:
                found.add((kind.name, record_name(pipeline.registry, message.value)))
    named = {(kind.name, name) for kind in pipeline.topology.flow.topics.values() for name in kind.records}
    assert len(found) > 20
    assert found <= named


def record_name(registry, value):
    """By the schema's id, in front of it."""
    magic, schema_id = PREFIX.unpack_from(value)
    assert magic == MAGIC
    return registry.schema_of(schema_id)["name"].rpartition(".")[2]


def test_no_file_below_the_root_holds_a_canary(stack, pipeline, planted, answers, search):
    """The broker's log segments, Vault's storage and audit log, all logs, temporary files; content and names."""
    searched = search.searched
    assert not search.below(stack.root)
    assert search.searched > searched


def test_no_answer_of_any_server_holds_a_canary(addresses, answers, search):
    found = list(answers)
    for address in addresses.values():
        found += [httpx.get(address.metrics_url).content, httpx.get(address.health_url).content]
    assert len(found) > 3 * len(ANNOTATORS)
    assert not {hit for answer in found for hit in search.in_bytes(answer, "an answer")}


def test_no_trace_holds_a_canary(collector, planted, answers, search):
    """Of records that were redacted, quarantined, dropped, released, redacted again, labeled and joined."""
    told = {span.name for _, span in collector.spans()}
    assert {"redact", "label", "decide", "redact batch", "redact transaction"} <= told
    wait_for(lambda: any(span.name == "join" for _, span in collector.spans()) or None, "join's spans")
    assert not search.in_bytes(collector.received, "the collector")


def test_what_people_typed_about_tasks_was_redacted_and_shown_without_it(pipeline, answers):
    assert len(pipeline.messages("comments")) == len(ANNOTATORS)
    assert [it.outcome for it in pipeline.events(EventType.COMMENT_REDACTED)] == ["success"] * len(ANNOTATORS)
    assert any(b"or not?" in answer and b"*****" in answer for answer in answers)


def test_the_audit_names_reasons_and_holds_together(pipeline, planted, answers):
    result = pipeline.reconciled()
    assert (result.tasks, result.quarantined, result.dropped) == (
        REVISIONS * planted.tasks,
        (REVISIONS + 1) * planted.quarantined,
        REVISIONS * planted.dropped,
    )
    assert result.records == REVISIONS * planted.records + planted.quarantined
    assert result.released == planted.quarantined


# The search itself: it must find what is there.


@pytest.mark.parametrize(
    "spell",
    [
        str.encode,
        lambda text: text.lower().encode(),
        lambda text: text.upper().encode(),
        lambda text: text.split()[1].encode(),
        lambda text: text.split()[0].lower().encode(),
        lambda text: base64.b64encode(text.encode()),
        lambda text: base64.b64encode(b"x" + text.encode()),
        lambda text: base64.urlsafe_b64encode(b"xy" + text.encode()),
        lambda text: text.encode().hex().encode(),
        lambda text: text.encode("utf-16-le"),
    ],
)
def test_the_search_finds_a_canary_in_any_form(spell, tmp_path):
    canary = control_canary()
    file = tmp_path / "segment.log"
    file.write_bytes(b"\x00\x01" * 1000 + spell(canary.value) + b"\xff" * 1000)
    assert CanarySearch([canary]).below(tmp_path)


def test_the_search_sees_into_the_brokers_log_segments(stack, pipeline):
    """A canary in clear on a topic of its own is found in the broker's files."""
    if stack.endpoints.vault.audit_log is None:
        pytest.skip("the files of an external broker are out of reach")
    pipeline.write(f"work.{pipeline.project}", CONTROL, control_canary().value.encode())
    search = CanarySearch([control_canary()])
    wait_for(lambda: search.below(stack.root / "kafka"), "the canary is in the broker's files")
