from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.provision.desired import desired_kafka, desired_vault
from deploy.provision.difference import KafkaState, plan
from schemas.errors import ConfigError
from topology.acls import Acl, Operation, Resource
from topology.loading import load_topology
from topology.topics import Environment

EMPTY = KafkaState({}, frozenset(), frozenset())
WANTED = desired_kafka(load_topology(), Environment.LOCAL)


def after(current: KafkaState, wanted: KafkaState) -> KafkaState:
    """What a cluster holds once the difference is applied."""
    difference = plan(current, wanted)
    topics = dict(current.topics) | {spec.name: spec for spec in difference.topics}
    for name, settings in (difference.configs or {}).items():
        topics[name] = dataclasses.replace(topics[name], config={**topics[name].config, **settings})
    return KafkaState(topics, current.acls | set(difference.acls), current.users | set(difference.users))


def test_everything_is_created_on_an_empty_cluster():
    difference = plan(EMPTY, WANTED)
    assert len(difference.topics) == len(WANTED.topics)
    assert set(difference.users) == WANTED.users
    assert set(difference.acls) == WANTED.acls
    assert {change.action for change in difference.changes()} == {"create"}


def test_nothing_differs_from_itself():
    assert plan(WANTED, WANTED).changes() == ()


@given(st.data())
def test_one_apply_is_enough_and_removes_nothing_wherever_it_starts(data):
    topics = data.draw(st.sets(st.sampled_from(sorted(WANTED.topics))))
    stale = data.draw(st.sets(st.sampled_from(sorted(WANTED.topics))))
    extra = Acl("User:somebody", Resource.TOPIC, "raw.demo", False, Operation.READ)
    current = KafkaState(
        {
            name: dataclasses.replace(WANTED.topics[name], config={"segment.ms": "1"})
            if name in stale
            else WANTED.topics[name]
            for name in topics
        },
        frozenset(data.draw(st.sets(st.sampled_from(sorted(WANTED.acls))))) | {extra},
        frozenset(data.draw(st.sets(st.sampled_from(sorted(WANTED.users))))),
    )
    done = after(current, WANTED)
    again = plan(done, WANTED)
    assert again.changes() == ()
    assert again.undeclared == (f"acl {extra}",)
    assert current.acls <= done.acls
    assert current.topics.keys() <= done.topics.keys()


def test_only_the_settings_that_differ_are_changed():
    spec = WANTED.topics["raw.demo"]
    changed = dataclasses.replace(spec, config={**spec.config, "retention.ms": "5", "unclean.leader": "true"})
    current = dataclasses.replace(WANTED, topics={**WANTED.topics, "raw.demo": changed})
    difference = plan(current, WANTED)
    assert difference.configs == {"raw.demo": {"retention.ms": spec.config["retention.ms"]}}
    assert str(difference.changes()[0]) == "update topic raw.demo (retention.ms=86400000)"


def test_an_existing_topic_of_which_tombstones_went_after_a_day_is_told_to_keep_them():
    spec = WANTED.topics["joined.demo"]
    day = dataclasses.replace(spec, config={**spec.config, "delete.retention.ms": "86400000"})
    current = dataclasses.replace(WANTED, topics={**WANTED.topics, "joined.demo": day})
    assert plan(current, WANTED).configs == {"joined.demo": {"delete.retention.ms": "2764800000"}}
    assert plan(after(current, WANTED), WANTED).changes() == ()


def test_other_number_of_partitions_is_a_clear_error():
    spec = dataclasses.replace(WANTED.topics["tasks.demo"], partitions=9)
    current = dataclasses.replace(WANTED, topics={**WANTED.topics, "tasks.demo": spec})
    with pytest.raises(ConfigError, match=r"tasks\.demo has 9 partitions, the topology says 4"):
        plan(current, WANTED)


def test_undeclared_is_listed_and_kafkas_own_topics_are_not():
    spec = WANTED.topics["raw.demo"]
    more = {"old.demo": dataclasses.replace(spec, name="old.demo"), "__consumer_offsets": spec}
    current = KafkaState({**WANTED.topics, **more}, WANTED.acls, WANTED.users | {"guest"})
    assert plan(current, WANTED).undeclared == ("topic old.demo", "kafka user guest")


def test_vaults_plan_holds_only_keys_that_cannot_leave():
    wanted = desired_vault(load_topology())
    assert {key.type for key in wanted.keys if key.derived} == {"aes256-gcm96"}
    assert {key.type for key in wanted.keys if not key.derived} == {"ed25519"}
    assert wanted.projects == ("demo",)
    assert len(wanted.hmac) == 5
