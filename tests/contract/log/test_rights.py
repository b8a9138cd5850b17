"""A stage's log under the rights that `flow.yaml` gives it, and not one more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from schemas.errors import AccessDenied
from streams.engine.log import Ownership, SessionSpec
from streams.engine.messages import Outgoing
from tests.contract.log.bench import commit, take
from tests.support.handing import started
from tests.support.pipeline import applied
from tests.support.waiting import wait_for
from topology.identity import Identity

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def pipeline(stack, tmp_path_factory):
    folder = tmp_path_factory.mktemp("projects")
    made = applied(stack, Path(__file__).parent / "projects", folder).pipeline("ledger")
    yield made
    made.close()


@pytest.fixture(scope="module")
def decide(pipeline):
    """What the decide stage is given."""
    identity = Identity("decide", pipeline.project)
    around = started(pipeline.root, identity, pipeline.project, pipeline.topology)
    yield around
    around.close()


@pytest.fixture
def spec(decide):
    topic = f"labels.{decide.project}"
    return SessionSpec(decide.identity.slot(0), decide.identity.group, (topic,), Ownership.SHARED)


@pytest.mark.parametrize("ownership", list(Ownership))
def test_a_stage_may_do_all_it_has_to(decide, spec, pipeline, ownership):
    pipeline.write(f"labels.{decide.project}", b"k", b"v")
    session = decide.log.open(replace(spec, ownership=ownership))
    take(session, 1)
    commit(session, Outgoing(f"verdicts.{decide.project}", b"k", b"v"))
    session.close()
    assert list(decide.log.read(f"decide-state.{decide.project}")) == []
    follower = decide.log.follow(["control"])
    wait_for(lambda: follower.poll(100, 0.1) is not None and follower.at_end(), "control is read to its end")
    follower.close()


def test_another_group_is_denied(decide, spec):
    with pytest.raises(AccessDenied):
        decide.log.open(replace(spec, group="somebody", ownership=Ownership.WHOLE))


def test_another_transactional_id_is_denied(decide, spec):
    with pytest.raises(AccessDenied):
        decide.log.open(replace(spec, transactional_id=f"join.{decide.project}.0"))


def test_a_topic_it_may_not_write_is_denied(decide, spec):
    session = decide.log.open(replace(spec, inputs=(), ownership=Ownership.WHOLE))
    with pytest.raises(AccessDenied):
        commit(session, Outgoing(f"joined.{decide.project}", b"k", b"v"))
    session.close()


def test_it_is_denied_where_it_is_learned_amid_a_transaction(decide, spec):
    session = decide.log.open(replace(spec, inputs=(), ownership=Ownership.WHOLE))
    session.begin()
    outgoing = Outgoing(f"joined.{decide.project}", b"k", b"v" * 100)
    with pytest.raises(AccessDenied):
        [session.produce(outgoing) for _ in range(500_000)]  # the broker has said so long before
    session.close()


def test_a_topic_it_may_not_read_is_denied(decide):
    with pytest.raises(AccessDenied):
        list(decide.log.read(f"raw.{decide.project}"))
