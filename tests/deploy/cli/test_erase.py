"""What `veil erase` takes and prints; on the real parts: tests/integration/test_erasure.py."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from deploy import erasing
from deploy.cli.exits import Exit
from deploy.erasing import Standing
from deploy.subjects import Subject
from streams.audit.erasures import Erasure, Taken

Run = Callable[..., Any]
SUBJECT = "ann@canary7x.example"
HASH = "a1" * 32
AT = 1_700_000_000_000
UNDER_WAY = Erasure(HASH, (), (Taken("t", AT, "s", AT), Taken("u", AT)), 0, 0, ("join.demo.1",))
UNSIGNED = Standing(Erasure(HASH, (), (), 0, 0, ()), ("olga",), ("an approver (grace)",))
WORKING = Standing(UNDER_WAY, ("grace", "olga"), ())
OVER = Standing(Erasure(HASH, (), (Taken("t", AT, "s", AT),), AT, 0, ()), ("grace", "olga"), ())


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Subject]:
    """Whom the command was about; the first signature is missing another."""
    found: list[Subject] = []

    def erase(*arguments: object) -> Standing:
        found.append(arguments[3])  # type: ignore[arg-type] # who is asked about, by its place
        return WORKING if len(found) > 1 else UNSIGNED

    monkeypatch.setattr(erasing, "erase", erase)
    return found


WORDS = ("--as", "olga", "--reason", "rehearsal")


@pytest.mark.parametrize("way", ["prompt", "stdin", "argument"])
def test_the_subject_is_taken_however_it_comes_and_never_printed(
    run: Run, asked: list[Subject], giving: Callable[[str, str], list[str]], way: str
) -> None:
    ended = run("erase", *giving(way, SUBJECT), *WORDS)
    assert [one.text for one in asked] == [SUBJECT]
    assert ended.code == Exit.OK
    assert "missing: an approver (grace)" in ended.out
    assert "canary7x" not in ended.out + ended.err + repr(asked) + str(asked[0])


def test_waiting_shows_how_far_it_is_and_ends_with_what_comes_next(
    run: Run, asked: list[Subject], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked.append(Subject("x"))
    monkeypatch.setattr(erasing, "watched", lambda *_: iter([WORKING, OVER]))
    ended = run("erase", SUBJECT, *WORDS, "--wait")
    assert "working: 1 of 2 tasks out of Vault; waits for join.demo.1" in ended.err
    assert "over: 1 of 1 tasks out of Vault" in ended.err
    assert f"veil subject certify {HASH[:12]}" in ended.out


def test_whoever_waits_for_a_second_signature_is_not_kept_waiting(
    run: Run, asked: list[Subject], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "watched", lambda *_: pytest.fail("nothing happens until then"))
    assert json.loads(run("erase", SUBJECT, *WORDS, "--wait", "--json").out)["state"] == "unsigned"
    assert len(asked) == 1


def test_all_erasures_are_listed_by_hash(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    unsettled = replace(OVER, erasure=replace(OVER.erasure, unsettled=2))
    monkeypatch.setattr(erasing, "standings", lambda *_: (UNSIGNED, WORKING, unsettled))
    out = run("subject", "erasures").out
    assert [out.count(word) for word in (HASH[:12], "unsigned", "over", "2 documents")] == [3, 1, 3, 1]
    found = json.loads(run("subject", "erasures", "--json").out)["erasures"]
    assert [one["state"] for one in found] == ["unsigned", "working", "over"]
    assert (found[1]["tasks"], found[1]["out"], found[1]["waiting"]) == (2, 1, ["join.demo.1"])


def test_a_report_that_is_none_does_not_verify(run: Run, tmp_path: Any) -> None:
    ended = run("subject", "verify", tmp_path, "--root", tmp_path)
    assert ended.code == Exit.FAILED
    assert "erasure.json" in ended.out
