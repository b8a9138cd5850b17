"""Texts in clear for other queues, on the real broker and vault: who reads them, and that they go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploy.local.endpoints import load_endpoints
from deploy.provision.credentials import CredentialFiles
from schemas.audit import EventType
from schemas.errors import AccessDenied
from schemas.records import OpenTask
from streams.engine.kafka import KafkaLog
from streams.engine.kafka_access import KafkaAccess
from streams.label.commands import ReleaseReason, SkipReason
from tests.support.waiting import wait_for
from topology.identity import Identity
from topology.policies import load_policy
from topology.policies.canonical import with_hash
from vault.segments.document import Layer

pytestmark = pytest.mark.stack

CANARY = "Ulvendrop"
RECORDS = [
    {
        "customer": {"name": f"{CANARY} Hask{n}", "note": f"Please call {CANARY} about kettle {n}"},
        "product": "kettle",
    }
    for n in range(4)
]


@pytest.fixture(scope="module")
def opened(pipeline_of):
    pipeline = pipeline_of("opened")
    pipeline.start()
    pipeline.sign_open("odalys", "osric")
    pipeline.publish(*RECORDS)
    pipeline.wait_records("open", len(RECORDS))
    return pipeline


def lying(pipeline) -> dict[str, OpenTask]:
    """What a reader who has read all of the topic has left."""
    found: dict[str, OpenTask] = {}
    for message in pipeline.messages("open"):
        found.pop(message.key.decode(), None)
        if message.value is not None:
            found[message.key.decode()] = pipeline.codec.decode(message.value, OpenTask)
    return found


def as_role(pipeline, role: str) -> KafkaLog:
    kafka = load_endpoints(pipeline.root / "run" / "endpoints.json").kafka
    mine = CredentialFiles(pipeline.root).load(Identity(role, pipeline.project))
    return KafkaLog(KafkaAccess(kafka.bootstrap, kafka.ca_file, mine.kafka_user, mine.kafka_password))


def test_what_lies_there_is_what_annotators_are_shown_and_no_more(opened):
    tasks = {it.task_id: it for it in opened.records("tasks")}
    texts = lying(opened)
    assert set(texts) <= set(tasks)
    for name, text in texts.items():
        assert [(it.path, len(it.text), it.placeholders) for it in text.fields] == [
            (it.path, it.length, it.placeholders) for it in tasks[name].fields
        ]
    with opened.client("oona", "orla") as client:
        lease = wait_for(lambda: one_of(client, texts), "a lease of such a task")
        shown = {it.path: it.text for it in texts[lease.task_id].fields}
        assert dict(lease.fields) == shown
        client.release(lease, ReleaseReason.BREAK)
    laid = [field.text for it in opened.records("open") for field in it.fields]
    assert any("kettle" in text for text in laid)
    assert not any(CANARY.lower() in text.lower() for text in laid)


def one_of(client, texts):
    """A lease of a task whose text lies there; another one is given back, and not given again."""
    lease = client.lease()
    if lease is not None and lease.task_id not in texts:
        client.skip(lease, SkipReason.UNCLEAR)
        return None
    return lease


def test_its_reader_reads_it_and_nothing_else_and_others_do_not(opened):
    subscriber = as_role(opened, "subscriber")
    keys = {it.key.decode() for it in subscriber.read(f"open.{opened.project}")}
    assert keys >= set(lying(opened))
    for kind in ("tasks", "segments", "audit", "joined", "opener-state"):
        with pytest.raises(AccessDenied):
            list(subscriber.read(f"{kind}.{opened.project}"))
    for role in ("model", "copier", "exporter"):
        with pytest.raises(AccessDenied):
            list(as_role(opened, role).read(f"open.{opened.project}"))
    with pytest.raises(AccessDenied):
        list(subscriber.read("open.demo"))


def test_each_text_was_announced_in_a_transaction_before_it_was_opened(opened):
    events = [it for it in opened.audit() if it.process == f"opener.{opened.project}"]
    said = {it.type: [name for one in events if one.type is it.type for name in one.parents] for it in events}
    assert sorted(said[EventType.TEXTS_OPENING]) == sorted(said[EventType.TEXTS_OPENED])
    assert {f"task/{it.task_id}" for it in opened.records("open")} == set(said[EventType.TEXTS_OPENED])


def test_a_withdrawn_text_is_taken_back_whether_opener_ran_meanwhile_or_not(opened):
    first, second, *_ = sorted(lying(opened))
    opened.withdraw("oona", first)
    wait_for(lambda: first not in lying(opened), "the first is taken back")
    opened.stop("opener")
    opened.withdraw("oona", second)
    opened.wait_event(
        "keeper took it out",
        lambda it: (
            it.type is EventType.TASK_WITHDRAWN
            and it.process == f"keeper.{opened.project}"
            and it.resource == f"task/{second}"
        ),
    )
    assert second in lying(opened)
    opened.start("opener")
    wait_for(lambda: second not in lying(opened), "the second is taken back")
    assert opened.reconciled().opened == len(lying(opened))


def test_a_policy_that_no_longer_says_so_opens_nothing_more_and_what_lies_there_stays(opened):
    before, gone = set(lying(opened)), {it.task_id for it in opened.records("tasks")} - set(lying(opened))
    sealed = with_hash(replace(load_policy("demo"), version=load_policy("demo").version + 1))
    opened.sign("odalys", "osric", policy=sealed)
    wait_for(lambda: taken_up(opened, sealed.hash), "redact knows of it")
    tasks = len(opened.records("tasks"))
    opened.publish(RECORDS[0])
    opened.wait_records("tasks", tasks + 1)
    (newest,) = [it for it in opened.messages("tasks") if it.key not in {name.encode() for name in before | gone}]
    wait_for(lambda: opener_has_read(opened, newest), "opener has read the task")
    assert set(lying(opened)) == before


def taken_up(pipeline, policy: str) -> bool:
    said = (it for it in pipeline.events(EventType.CONTROL_APPLIED) if it.process == f"redact.{pipeline.project}")
    return any(f"/{policy}/osric" in it.details.get("key", "") for it in said)


def opener_has_read(pipeline, message) -> bool:
    read = pipeline.log.read_up_to(f"opener.{pipeline.project}", message.topic)
    return read.get(message.place, 0) > message.offset


def test_no_topic_but_open_holds_a_word_of_the_texts(opened):
    words = [field.text for it in lying(opened).values() for field in it.fields if "kettle" in field.text]
    assert words
    for kind in ("tasks", "segments", "audit", "opener-state", "label-state"):
        values = b"".join(it.value or b"" for it in opened.messages(kind))
        assert not any(word.encode() in values for word in words), kind
        assert CANARY.encode() not in values


def test_vault_holds_what_the_texts_stand_for_as_long_as_they_lie_there(opened):
    with opened.administrators_vault() as vault:
        stored = set(vault.names(Layer.VIEW.value))
    assert {f"view/{it.segment_id}" for it in lying(opened).values()} <= stored
