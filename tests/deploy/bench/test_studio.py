"""The bench's measurement of a Label Studio, on a real one."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from deploy.bench.studio import Server, measure_one, program
from schemas.errors import ConfigError
from tests.support.label_studio import running


def test_a_program_that_is_not_there_is_named():
    with pytest.raises(ConfigError, match="no program of-nobody"):
        program("of-nobody")


@pytest.mark.label_studio
def test_it_counts_calls_and_finds_every_annotation(tmp_path):
    with running(tmp_path / "studio") as server:
        own = Server(urlsplit(server.url).port, server.http, "1.23")
        found = measure_one(own, tasks=30, tasks_each=3, overlap=3, groups=(1, 2))
    assert [(calls.annotators, calls.lease.count, calls.submit.count) for calls in found.groups] == [
        (1, 3, 3),
        (2, 6, 6),
    ]
    assert (found.faults.lost, found.open_tasks) == (0, 30)
