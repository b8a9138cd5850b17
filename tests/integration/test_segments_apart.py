"""A project that keeps entries of segments on topics: real broker, real vault, the whole way of its records."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from deploy.provisioning import apply_audited
from deploy.purging import check
from schemas.errors import Reason, Refused
from schemas.records import LabelSpan
from streams.engine.segment_topics import KafkaSegmentTopics
from tests.support.declaring import lying
from tests.support.handing import started
from tests.support.topics import alter
from tests.support.waiting import wait_for
from topology.identity import Identity
from topology.loading import load_topology
from topology.retained import Fault
from topology.topics import topics
from vault.segments.apart import LAYERS, topic_of
from vault.segments.document import Layer, path_of, unpack
from vault.segments.opening import Geometries

pytestmark = pytest.mark.stack

DECLARED = Path(__file__).parent / "projects" / "apart.yaml"
CANARY = "Wrelkin"
PERSONS = ("petra", "pavel", "phyllis")
RECORDS = [
    {
        "customer": {
            "name": f"{CANARY} Quelmer{n}",
            "email": f"wrelkin{n}@example.org",
            "note": "My kettle broke",
        },
        "product": "kettle",
    }
    for n in range(6)
]


@pytest.fixture(scope="module")
def apart(pipeline_of):
    pipeline = pipeline_of("apart")
    pipeline.start()
    pipeline.sign("peony", "piers")
    return pipeline


@pytest.fixture(scope="module")
def joined(apart):
    """All records, labeled by three and joined."""
    raw = apart.publish(*RECORDS)
    apart.wait_records("tasks", len(raw))
    wait_for(lambda: labeled(apart, 3 * len(raw)), "three labels a task")
    return raw, apart.wait_records("joined", len(raw))


def label_kettle(client, lease):
    field = "customer.note"
    at = lease.fields[field].index("kettle")
    client.label(lease, [LabelSpan(field, at, at + 6, "PRODUCT")], {"tone": "negative"})


def labeled(pipeline, count):
    pipeline.annotate("polly", PERSONS, label_kettle)
    return len(pipeline.records("labels")) >= count


def documents(pipeline, layer):
    with pipeline.administrators_vault() as vault:
        return {path: unpack(vault.read(path).blob) for path in vault.names(layer.value)}


def test_its_labels_stand_where_they_stand_in_the_raw_records(apart, joined):
    raw, labels = joined
    assert {(it.raw.partition, it.raw.offset) for it in labels} == {(it.partition, it.offset) for it in raw}
    spans = [(it.field, it.start, it.end) for label in labels for it in label.spans]
    assert spans == [("customer.note", 3, 9)] * len(raw)
    apart.reconciled()


def test_vault_keeps_seeds_and_the_topics_nothing_that_can_be_read(apart, joined):
    raw, _ = joined
    for layer in LAYERS:
        held = documents(apart, layer)
        assert held
        assert all(it.place is not None for it in held.values())
        assert {len(seed.data) for it in held.values() for seed in it.entries.values()} == {16}
        records = list(apart.log.read(topic_of(layer, apart.project)))
        assert {record.key.decode() for record in records} >= {it.segment_id for it in held.values()}
        assert sum(len(unpack(record.value).entries) for record in records) >= len(raw)
        assert not any(CANARY.lower().encode() in record.value.lower() for record in records)
    assert all(it.place is None for it in documents(apart, Layer.VIEW).values())


def test_what_is_withdrawn_opens_no_more_though_its_record_is_still_there(apart, joined):
    _, labels = joined
    gone, left = labels[0], labels[-1]
    apart.withdraw("polly", gone.task_id)
    path = path_of(Layer.GEOMETRY, gone.segment_id)
    wait_for(
        lambda: gone.task_id not in documents(apart, Layer.GEOMETRY)[path].entries, "keeper has dropped its seed"
    )
    around = started(apart.root, Identity("join", apart.project), apart.project, apart.topology)
    with closing(around), closing(KafkaSegmentTopics(around.access)) as stored:
        geometries = Geometries(around.vault, apart.project, topics=stored)
        with pytest.raises(Refused) as caught:
            geometries.geometry(gone.segment_id, gone.task_id)
        assert caught.value.reason is Reason.WITHDRAWN
        assert geometries.geometry(left.segment_id, left.task_id)
        document = documents(apart, Layer.GEOMETRY)[path]
        assert gone.task_id in unpack(stored.read(topic_of(Layer.GEOMETRY, apart.project), document.place)).entries


def test_a_segment_ends_with_its_entries_at_the_latest(apart, joined):
    policy_hours, kept = 168, apart.topology.project(apart.project).retention_ms["geometry"]
    for index in apart.records("segments"):
        assert index.expires_at - index.created_at == min(policy_hours * 3_600_000, kept)


def test_who_looks_whether_all_has_ended_looks_at_its_topics_too(apart, joined, stack):
    admin = AdminClient(stack.endpoints.kafka.client_settings())
    text = DECLARED.read_text().replace("name: apart\n", f"name: {apart.project}\n")
    names = [topic_of(layer, apart.project) for layer in LAYERS]
    kept = {it.name: it.config["retention.ms"] for it in topics(apart.topology) if it.name in names}

    def found():
        places = {it.place: it for it in check(apart.root, apart.project).places}
        return {name: places[name] for name in names}

    with lying(stack, apart.project, text) as folder:  # whoever has applied since may have left this project out
        apply_audited(load_topology(extra_projects=[folder]), stack.endpoints, stack.root)
        assert {(it.held > 0, it.fault) for it in found().values()} == {(True, None)}
        alter(admin, names, {"retention.ms": "-1"})
        try:
            wait_for(lambda: {it.fault for it in found().values()} == {Fault.UNLIKE}, "it is told of each")
        finally:
            for name, retention in kept.items():
                alter(admin, [name], {"retention.ms": retention})
