"""What `veil quarantine` prints; on the real parts: tests/deploy/test_releasing.py."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from deploy import releasing
from deploy.cli.exits import Exit
from deploy.releasing import Entry
from schemas.quarantine_release import QuarantineRelease, ReleaseReason
from schemas.records import RawReference
from streams.audit.quarantined import Held

Run = Callable[..., Any]
AT = 1_700_000_000_000
HELD = Held(RawReference("raw.demo", 0, 17, 1), "risk_too_high", "ab" * 32, AT)
ENTRY = Entry(HELD, 3, AT + 604_800_000)
ORDER = QuarantineRelease(0, 17, 1, 3, ReleaseReason.ACCEPTED_RISK)
UNSIGNED = replace(ENTRY, order=ORDER, signed_by=("olga",), missing=("an approver (grace)",))
BROKEN = Entry(replace(HELD, reason="bad_json"), 0, AT)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> list[Entry]:
    """What the commands find."""
    found: list[Entry] = []
    monkeypatch.setattr(releasing, "quarantine", lambda *_: tuple(found))
    monkeypatch.setattr(releasing, "release", lambda *_: found[0])
    return found


def test_an_empty_quarantine_says_so(run: Run, held: list[Entry]) -> None:
    assert held == []
    assert "Nothing is in quarantine" in run("quarantine", "list").out
    assert json.loads(run("quarantine", "list", "--json").out) == {"project": "demo", "records": []}


def test_what_is_held_is_told_with_why_until_when_and_what_may_release_it(run: Run, held: list[Entry]) -> None:
    held += [ENTRY, BROKEN]
    lines = run("quarantine", "list").out.splitlines()
    risky, broken = [line for line in lines if "raw.demo/0/17/1" in line]
    assert "risk_too_high" in risky
    assert "@3" in risky
    assert "2023-11-14 22:13" in risky
    assert "2023-11-21 22:13" in risky
    assert "bad_json" in broken
    assert "  risk_too_high may be released as: accepted_risk, false_alarm, mended, newer_policy" in lines
    assert "  bad_json may be released as: nothing that could change it" in lines


def test_a_first_signature_says_whose_is_missing(run: Run, held: list[Entry]) -> None:
    held.append(UNSIGNED)
    words = ["quarantine", "release", "raw.demo/0/17", "--as", "olga", "--reason", "accepted_risk"]
    ended = run(*words)
    assert ended.code == Exit.OK
    assert "accepted_risk signed by olga; missing: an approver (grace)" in " ".join(ended.out.split())
    told = json.loads(run(*words, "--json").out)
    assert (told["state"], told["missing"], told["released_because"]) == (
        "unsigned",
        ["an approver (grace)"],
        "accepted_risk",
    )


def test_a_second_signature_says_how_to_follow_the_record(run: Run, held: list[Entry]) -> None:
    held.append(replace(UNSIGNED, signed_by=("grace", "olga"), missing=()))
    ended = run("quarantine", "release", "raw.demo/0/17", "--as", "grace", "--reason", "accepted_risk")
    assert "ordered" in ended.out
    assert "veil audit trace raw.demo/0/17" in ended.out


@pytest.mark.parametrize("ended", ["copied", "gone", "overtaken"])
def test_what_became_of_a_release_is_its_state(ended: str) -> None:
    assert replace(UNSIGNED, record=replace(HELD, ended=ended)).state == ended


def test_a_reason_that_is_not_listed_is_a_usage_error(run: Run) -> None:
    ended = run("quarantine", "release", "raw.demo/0/17", "--as", "olga", "--reason", "because")
    assert ended.code == Exit.REFUSED
