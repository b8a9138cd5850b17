"""The shipper on real files that are rotated under it, killed at every step: each line is on the log once."""

from __future__ import annotations

from pathlib import Path

from deploy.following import FollowedLog
from schemas.vault_log import USE, Outcome, VaultUse
from tests.deploy.test_following import Writer
from tests.simulation.broker import Crash
from tests.streams.audit.test_shipping import Bench, used

PIECE_BYTES = 1_000
"""Three lines."""


class Followed(Bench):
    """A shipper that follows a file of a folder."""

    def __init__(self, folder: Path, at: int = 0) -> None:
        super().__init__(at, Crash("x"))
        folder.mkdir()
        self.writer = Writer(folder)
        self.files = {"vault": FollowedLog("vault", self.writer.path, PIECE_BYTES)}
        self.calls = 0
        self.loop = self.new()
        self.number = 0

    def write(self, count: int) -> None:
        for _ in range(count):
            self.writer.append(used(self.number) + b"\n")
            self.number += 1


def play(bench: Followed) -> None:
    bench.write(5)
    bench.round(2)
    bench.writer.rename()
    bench.write(4)
    bench.round(1)
    bench.writer.rename()
    bench.write(2)
    bench.writer.rename()
    bench.round(3)
    bench.write(3)
    bench.round(12)


def test_killed_anywhere_while_files_are_rotated_it_ships_each_line_once(tmp_path):
    whole = Followed(tmp_path / "whole")
    play(whole)
    for at in range(1, whole.calls + 1):
        bench = Followed(tmp_path / f"killed-{at}", at)
        play(bench)
        shipped = bench.shipped(USE, VaultUse)
        assert [it.request_id for it in shipped] == [f"r{number}" for number in range(14)]
        assert {it.outcome for it in shipped} == {Outcome.DONE}
    assert whole.calls > 30
