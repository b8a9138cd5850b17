"""The bench's measurement of a Label Studio, on a real one."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from deploy.bench.studio import Person, Server, measure_one, program
from schemas.errors import ConfigError
from tests.support.label_studio import running
from tests.support.waiting import wait_for

CREATED, CONFLICT = 201, 409


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


@pytest.mark.label_studio
def test_an_answer_that_is_sent_again_is_counted_once(tmp_path, monkeypatch):
    """As where the first came too late to be heard."""
    monkeypatch.setattr(Person, "_try", twice(Person._try))
    with running(tmp_path / "studio") as server:
        own = Server(urlsplit(server.url).port, server.http, "1.23")
        person = Person(own, project := own.project(4, 1))
        person.work(2)
        person.close()
        written, doubled = own.written(project)
    assert (len(written), set(written.values()), doubled) == (2, {1}, 0)
    assert set(person.labeled) == set(written)


def twice(once):
    """Each submit is sent and its answer unheard; then it is sent again."""

    def tried(self, method, path, body):
        if body:
            wait_for(lambda: once(self, method, path, body)[0] in (CREATED, CONFLICT), "it has taken the answer")
        return once(self, method, path, body)

    return tried
