"""Two brokers that both must have what is written, and one of them goes: nothing is taken, lost or shown, and all
goes on when it is back.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from confluent_kafka.admin import AdminClient

from tests.faults.load import PROJECT
from tests.faults.test_degraded import goes_on, is_shown_something
from tests.support.second_broker import SecondBroker
from tests.support.topics import alter
from tests.support.waiting import wait_for

pytestmark = pytest.mark.faults


@pytest.fixture
def topics(installation) -> list[str]:
    found = AdminClient(installation.endpoints.kafka.client_settings()).list_topics(timeout=30).topics
    return sorted(name for name in found if name.endswith(f".{PROJECT}"))


@pytest.fixture
def second(installation, topics, tmp_path) -> Iterator[SecondBroker]:
    """It has a copy of all the project's topics, and no record is taken that it has not."""
    kafka = installation.endpoints.kafka
    broker = SecondBroker(installation.root, kafka, tmp_path / "second")
    broker.start()
    try:
        broker.copy(topics)
        alter(AdminClient(kafka.client_settings()), topics, {"min.insync.replicas": "2"})
        yield broker
    finally:
        broker.kill()


def test_with_too_few_replicas_nothing_is_taken_and_nothing_lost(installation, load, proof, second, topics):
    before = len(load.published.delivered)
    load.flow()
    wait_for(lambda: load.check() or len(load.published.delivered) >= before + 5, "records flow to both")
    second.kill()
    wait_for(lambda: load.check() or load.published.failed, "the producer hears that its records are not taken")
    assert not is_shown_something(installation)
    second.start()
    wait_for(lambda: second.in_sync(topics), "the second broker has caught up")
    before = len(load.published.delivered)
    wait_for(lambda: load.check() or len(load.published.delivered) > before, "the same producer goes on")
    goes_on(installation, proof)
