"""Names whose passwords Kafka may not know."""

from __future__ import annotations

import fcntl

import pytest

from deploy.provision import unsettled
from deploy.provision.unsettled import Unsettled
from schemas.errors import ConfigError
from schemas.files import write_atomically


def test_what_was_begun_stands_until_it_is_settled_and_then_there_is_no_file(tmp_path):
    Unsettled(tmp_path).add(["redact.demo", "join.demo"])
    Unsettled(tmp_path).add(["join.demo", "label.demo"])
    assert Unsettled(tmp_path).names() == {"redact.demo", "join.demo", "label.demo"}
    Unsettled(tmp_path).settle(["redact.demo", "join.demo"])
    assert Unsettled(tmp_path).names() == {"label.demo"}, "somebody else's are left"
    Unsettled(tmp_path).settle(["label.demo", "keeper.demo"])
    assert Unsettled(tmp_path).names() == frozenset()
    assert list((tmp_path / "topology").iterdir()) == []


@pytest.mark.parametrize("content", ["", "[]", '{"users": 3}', "\x00"])
def test_a_damaged_file_says_what_to_do(tmp_path, content):
    Unsettled(tmp_path).add(["redact.demo"])
    (file,) = (tmp_path / "topology").iterdir()
    file.write_text(content)
    with pytest.raises(ConfigError, match=r"unsettled\.json: damaged; delete it"):
        Unsettled(tmp_path).names()


def test_of_two_that_run_at_once_neither_loses_what_the_other_writes_down(tmp_path, monkeypatch):
    """The second waits while the first reads and writes: what is seen here is that it would have to."""
    waits = []

    def written(path, content):
        with (tmp_path / "run" / "unsettled.lock").open("w") as other:
            try:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waits.append(True)
        write_atomically(path, content)

    monkeypatch.setattr(unsettled, "write_atomically", written)
    Unsettled(tmp_path).add(["redact.demo", "join.demo"])
    Unsettled(tmp_path).settle(["join.demo"])
    assert waits == [True, True]
    assert Unsettled(tmp_path).names() == {"redact.demo"}
