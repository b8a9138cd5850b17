"""Where partitions end, asked of the real broker."""

from __future__ import annotations

from contextlib import closing

import pytest
from confluent_kafka.admin import AdminClient

from streams.engine import kafka_ends
from tests.contract.log.bench import kafka_bench, numbered

pytestmark = pytest.mark.stack


def test_whoever_asks_again_and_again_connects_once(stack, monkeypatch):
    """A client costs two logins, and both sides 20 ms of CPU; each stage asks every few seconds."""
    made = []

    class Counted(AdminClient):
        def __init__(self, settings):
            super().__init__(settings)
            made.append(self)

    with closing(kafka_bench(stack)) as bench:
        topic = bench.topic()
        bench.write(*numbered(topic, 3))
        monkeypatch.setattr(kafka_ends, "AdminClient", Counted)
        for _ in range(3):
            assert len(list(bench.log.read(topic))) == 3
    assert len(made) == 1
