"""Raw records that are gone before redact comes: it says which, and goes on with the rest."""

from __future__ import annotations

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from schemas.audit import EventType
from schemas.errors import ConfigError
from schemas.records import RawReference
from streams.audit.findings import FindingKind
from streams.audit.reconcile import reconcile
from tests.support.waiting import wait_for

pytestmark = pytest.mark.stack


BUILT_WITHIN_S = 300.0
"""A detector takes 6 s of a free core; other tests may run beside this one."""


@pytest.fixture(scope="module")
def late(pipeline_of):
    pipeline = pipeline_of("late")
    pipeline.start("redact")
    pipeline.sign("lena", "lars")
    return pipeline


@pytest.fixture
def becomes_a_task(late):
    """Publish a record, and wait until it is a task; where it lies."""

    def published() -> RawReference:
        before = len(late.records("tasks"))
        (raw,) = late.publish({"text": "please send number 7"})
        wait_for(lambda: len(late.records("tasks")) == before + 1, f"a task of {raw}", BUILT_WITHIN_S)
        return raw

    return published


def test_what_is_gone_before_it_was_read_is_told_once_and_the_next_record_becomes_a_task(
    stack, late, becomes_a_task
):
    before = becomes_a_task()
    late.stop("redact")
    missed = late.publish(*({"text": f"please send number {number}"} for number in range(3)))
    admin = AdminClient(stack.endpoints.kafka.client_settings())
    asked = admin.delete_records([TopicPartition(before.topic, 0, missed[-1].offset + 1)])
    assert [one.result(60).low_watermark for one in asked.values()] == [missed[-1].offset + 1]

    late.start("redact")
    lost = late.wait_event("that records were lost", lambda event: event.type is EventType.RECORD_LOST)
    topic, partition, first = lost.resource.removeprefix("message/").split("/")
    assert (topic, partition) == (before.topic, "0")
    assert before.offset < int(first) <= missed[0].offset
    assert lost.details == {"next": str(missed[-1].offset + 1)}
    becomes_a_task()
    late.restart("redact")
    becomes_a_task()
    assert len(late.events(EventType.RECORD_LOST)) == 1
    found = {finding.kind for finding in reconcile(late.audit(), late.project).findings}
    assert found == {FindingKind.LOST, FindingKind.GAP}, "the audit does not add up, and says why"


def test_a_stage_whose_positions_the_broker_has_forgotten_does_not_start(stack, late, becomes_a_task):
    becomes_a_task()
    late.stop("redact")
    admin, group = AdminClient(stack.endpoints.kafka.client_settings()), f"redact.{late.project}"
    (known,) = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)]).values()
    positions = known.result(60)
    wait_for(lambda: forgotten(admin, group), f"{group} is empty: its member's place is kept for 20 s")
    before = len(late.records("tasks"))
    late.start("redact")
    stage = late.stages.pop(("redact", 0))
    stage.thread.join(BUILT_WITHIN_S)
    with pytest.raises(ConfigError, match=f"knows no position of group {group}"):
        stage.stop()
    assert len(late.records("tasks")) == before

    wait_for(lambda: moved(admin, positions), f"{group} is empty again")
    late.start("redact")
    becomes_a_task()
    assert len(late.records("tasks")) == before + 1, "it goes on where it was set to"


def forgotten(admin: AdminClient, group: str) -> bool:
    """Delete the group with all its positions; False while somebody is in it."""
    (answer,) = admin.delete_consumer_groups([group]).values()
    try:
        answer.result(60)
    except KafkaException as refused:
        if refused.args[0].code() != KafkaError.NON_EMPTY_GROUP:
            raise
        return False
    return True


def moved(admin: AdminClient, positions: ConsumerGroupTopicPartitions) -> bool:
    """Set a group's positions; False while somebody is in it."""
    (answer,) = admin.alter_consumer_group_offsets([positions]).values()
    return all(place.error is None for place in answer.result(60).topic_partitions)
