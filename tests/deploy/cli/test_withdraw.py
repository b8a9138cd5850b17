"""What `veil contain withdraw` says of many tasks; on the real parts: tests/integration/test_containment.py."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from deploy import withdrawing
from deploy.cli.exits import Exit

Run = Callable[..., Any]
ORDER = ("contain", "withdraw", "--as", "olga", "--reason", "personal_data")
OF_POLICY, SEEN_BY = ("--policy-version", "2"), ("--seen-by", "ann-1")


@pytest.fixture
def ordered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is ordered, in an installation where version 2 has released two tasks and nobody has seen any."""
    done: list[str] = []

    def withdraw_all(_root: object, _project: str, _person: str, tasks: Sequence[str], _reason: object) -> None:
        done.extend(tasks)

    def tasks_of_policy(_root: object, _project: str, version: int) -> tuple[Sequence[str], int]:
        return (("a", "b"), 1) if version == 2 else ((), 0)

    monkeypatch.setattr(withdrawing, "tasks_of_policy", tasks_of_policy)
    monkeypatch.setattr(withdrawing, "tasks_shown_to", lambda *_: ())
    monkeypatch.setattr(withdrawing, "withdraw_all", withdraw_all)
    return done


def test_without_yes_it_says_how_many_there_are_and_orders_nothing(run: Run, ordered: list[str]) -> None:
    ended = run(*ORDER, *OF_POLICY)
    assert (ended.code, ordered) == (Exit.OK, [])
    assert "2 tasks would be withdrawn (the work on 1 is over" in ended.out


def test_with_yes_all_of_them_are_ordered(run: Run, ordered: list[str]) -> None:
    ended = run(*ORDER, *OF_POLICY, "--yes")
    assert (ended.code, ordered) == (Exit.OK, ["a", "b"])
    assert "✓ Ordered: 2 tasks are withdrawn everywhere" in ended.out


@pytest.mark.parametrize("yes", [(), ("--yes",)])
@pytest.mark.parametrize(
    ("which", "asked", "look"),
    [
        (("--policy-version", "3"), "under policy version 3", "veil policy history --project demo"),
        (SEEN_BY, "was shown to ann-1", "veil audit access ann-1 --project demo"),
    ],
)
def test_where_nothing_is_found_it_warns_of_what_was_asked_and_says_where_to_look(
    run: Run, ordered: list[str], which: tuple[str, ...], asked: str, look: str, yes: tuple[str, ...]
) -> None:
    ended = run(*ORDER, *which, *yes)
    said = " ".join(ended.out.split())
    assert (ended.code, ordered) == (Exit.OK, [])
    assert "✓" not in said
    assert asked in said
    assert look in said
    assert json.loads(run(*ORDER, *which, *yes, "--json").out)["ordered"] is False
