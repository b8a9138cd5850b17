"""`veil synth --follow` while parts go away and come back."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from deploy.synth import run
from deploy.synth.run import follow
from deploy.synth.share import Published, missing
from schemas.errors import CommitInDoubt, LogUnavailable, VaultUnavailable


class Broker:
    """Where partitions end, for any producer; between two looks others publish three records.

    `away`: why it can't be reached, by attempt to; `breaks`: what the next records end with, once they lie there.
    """

    def __init__(self, stop: threading.Event) -> None:
        self.others, self.gold, self.opened = 97, 0, 0
        self.breaks: list[Exception] = []
        self.away: list[Exception | None] = []
        self.stop = stop

    @contextmanager
    def producing(self, *_):
        self.opened += 1
        if self.away and (error := self.away.pop(0)):
            self.others += 30
            raise error
        yield self

    def published(self) -> Published:
        self.others += 3
        return Published(self.others, self.gold)

    def publish(self, _made) -> None:
        self.gold += 1
        if self.gold == 20:
            self.stop.set()
        if self.breaks:
            raise self.breaks.pop()


@pytest.fixture
def broker(monkeypatch):
    found = Broker(threading.Event())
    policy = SimpleNamespace(id="demo/1", gold=SimpleNamespace(share_permille=250))
    parts = {
        "policy_in_force": lambda *_: policy,
        "maker": lambda *_: SimpleNamespace(make=lambda: None),
        "producing": found.producing,
        "FOLLOW_S": 0.0,
        "AGAIN_S": 0.0,
    }
    for name, part in parts.items():
        monkeypatch.setattr(run, name, part)
    return found


def test_what_others_publish_while_parts_are_away_gets_its_gold_afterwards(broker):
    troubles, counts = [], []
    broker.breaks.append(CommitInDoubt("nobody can tell"))
    broker.away = [None, LogUnavailable("no broker answers")]
    made = follow(Path("root"), "demo", 1, broker.stop, counts.append, troubles.append)
    assert [type(error) for error in troubles] == [CommitInDoubt, LogUnavailable]
    assert broker.opened == 3
    assert made == len(counts) == 19, "one is there, and nobody could tell"
    assert missing(broker.published().since(Published(100, 0)), 250) <= 1, "a quarter of all since it began"


def test_where_it_can_not_begin_it_says_so_and_ends(broker):
    broker.away = [VaultUnavailable("Vault is sealed")]
    with pytest.raises(VaultUnavailable):
        follow(Path("root"), "demo", 1, broker.stop, lambda _: None, lambda _: None)
