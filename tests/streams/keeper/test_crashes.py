"""Keeper dies at each single step in Vault and before each commit; what is said and done stays the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from schemas.records import SlotEpoch
from streams.keeper.lifetimes import Lifetimes
from tests.streams.keeper.making import ALWAYS, FOREVER, SLOT, Crash, Rig, documents, index, joined
from vault.segments.halves import HOUR_MS

SETTINGS = replace(ALWAYS, lifetimes=Lifetimes(retention_ms=0, hard_ttl_ms=FOREVER, forget_ms=FOREVER))
START = 10 * HOUR_MS


def scenario(rig: Rig) -> list[Callable[[], object]]:
    """Everything keeper does: rewrite, empty, finish, expire, orphan. Steps of others; a round after each."""
    return [
        lambda: rig.write(index(0, "a", "b", created=1)),
        lambda: rig.write(index(1, "c", created=2)),
        lambda: rig.write(index(2, "d", created=3)),
        lambda: rig.write(index(3, "e", created=4, expires=START + 20)),
        lambda: rig.vault.create_all(documents(f"{SLOT}/1/4", "lost")),
        lambda: order(rig, "a", "c"),
        lambda: rig.tell(joined("d", f"{SLOT}/1/2")),
        lambda: rig.tell(SlotEpoch(SLOT, 2)),
        lambda: setattr(rig, "now_ms", START + 100),
    ]


def order(rig: Rig, *tasks: str) -> None:
    """Orders stand on `control` before the process is shown them: a crash there shows them again."""
    rig.orders += [f"withdraw/demo/{task}/compliance" for task in tasks]
    survive(rig, lambda: rig.commit(rig.keeper.control(rig.orders)))


def survive(rig: Rig, step: Callable[[], object]) -> bool:
    """Take a step; where the process dies, start a new one, which may die too."""
    try:
        step()
    except Crash:
        while not survive(rig, rig.start):
            pass
        return False
    return True


def play(rig: Rig) -> None:
    for step in scenario(rig):
        step()
        survive(rig, rig.round)
    for _ in range(8):
        survive(rig, rig.round)


def outcome(rig: Rig) -> tuple:
    left = {path: versions for path, versions in rig.vault.store.documents.items() if versions}
    contents = {path: list(versions.values()) for path, versions in left.items()}
    return Counter(rig.said()), contents, rig.committed_segments()


class Fault:
    """Dies at the n-th chance, and again at each `again`-th after it where that is given."""

    def __init__(self, at: int, again: int = 0) -> None:
        self.at, self.again, self.chances = at, again, 0

    def __call__(self) -> bool:
        self.chances += 1
        late = self.chances - self.at
        return late == 0 or (self.again > 0 and late > 0 and late % self.again == 0)


def rig_with(fault_in_vault: Fault | None = None, fault_at_commit: Fault | None = None) -> Rig:
    rig = Rig(SETTINGS, now_ms=START)
    writing = {"read", "replace", "replace-write", "destroy", "list"}

    def hook(moment: str, operation: str, path: str) -> None:
        if fault_in_vault is not None and operation in writing and fault_in_vault():
            raise Crash

    rig.vault.hook = hook
    if fault_at_commit is not None:
        rig.lose = fault_at_commit
    return rig


def expected() -> tuple:
    rig = rig_with()
    play(rig)
    return outcome(rig)


def test_without_a_crash_everything_is_said_once() -> None:
    said, contents, segments = expected()
    assert said == Counter(
        [
            ("segment.rewritten", f"segment/{SLOT}/1/0", "withdrawn"),
            ("task.withdrawn", "task/a", "withdrawn"),
            ("segment.destroyed", f"segment/{SLOT}/1/1", "withdrawn"),
            ("task.withdrawn", "task/c", "withdrawn"),
            ("segment.destroyed", f"segment/{SLOT}/1/2", "finished"),
            ("segment.destroyed", f"segment/{SLOT}/1/3", "expired"),
            ("segment.destroyed", f"segment/{SLOT}/1/4", "orphan"),
        ]
    )
    assert {path for _, path in contents} == {f"{it}/{SLOT}/1/0" for it in ("view", "geometry", "values")}
    assert all(len(versions) == 1 for versions in contents.values())
    assert list(segments) == [f"{SLOT}/1/0"]


def chances(where: str) -> int:
    """How many chances to die a run without faults has."""
    fault = Fault(at=-1)
    rig = rig_with(fault_in_vault=fault) if where == "vault" else rig_with(fault_at_commit=fault)
    play(rig)
    return fault.chances


@pytest.mark.parametrize("again", [0, 7])
def test_a_crash_before_or_after_any_step_in_vault_changes_nothing_in_the_end(again: int) -> None:
    wanted = expected()
    for at in range(1, chances("vault") + 1):
        rig = rig_with(fault_in_vault=Fault(at, 40 * again))
        play(rig)
        assert outcome(rig) == wanted, at


@pytest.mark.parametrize("again", [0, 2, 3])
def test_a_plan_that_does_not_commit_changes_nothing_in_the_end(again: int) -> None:
    wanted = expected()
    for at in range(1, chances("commit") + 1):
        rig = rig_with(fault_at_commit=Fault(at, again))
        play(rig)
        for _ in range(12):
            survive(rig, rig.round)
        assert outcome(rig) == wanted, at
