"""What `veil subject report` takes and prints; on the real parts: tests/integration/test_subject_report.py."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from deploy import reporting
from deploy.erasing import Standing
from deploy.reporting import Answer
from deploy.subjects import Subject
from streams.audit.erasures import Erasure, Signed, Taken
from streams.audit.subject_facts import TaskFacts
from streams.audit.subject_report import Held, SubjectReport, Unknown

Run = Callable[..., Any]
SUBJECT = "ann@canary8r.example"
HASH = "a1" * 32
AT = 1_700_000_000_000
NOBODY = SubjectReport(
    "demo", HASH, AT, (), {}, {}, Erasure(HASH, (), (), 0, 0, ()), (Unknown("backups", "as made"),)
)
RAW = Held("raw.demo", "records, sealed", 2, AT, AT + 86_400_000, ("demo@3",))
SOMEBODY = replace(NOBODY, held=(RAW, replace(RAW, place="joined.demo", until=0)), tasks={"t": TaskFacts()})
NONE = Standing(NOBODY.erasure, (), ("an operator (olga)", "an approver (grace)"))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Subject]:
    found: list[Subject] = []

    def report_on(*arguments: object) -> Answer:
        found.append(arguments[3])  # type: ignore[arg-type] # who is asked about, by its place
        return Answer(SOMEBODY, NONE)

    monkeypatch.setattr(reporting, "report_on", report_on)
    return found


@pytest.mark.parametrize("way", ["prompt", "stdin", "argument"])
def test_the_subject_is_taken_however_it_comes_and_never_printed(
    run: Run, asked: list[Subject], giving: Callable[[str, str], list[str]], way: str
) -> None:
    ended = run("subject", "report", *giving(way, SUBJECT), "--as", "olga")
    assert ([one.text for one in asked], ended.code) == ([SUBJECT], 0)
    assert "canary8r" not in ended.out + ended.err


def test_each_place_is_a_line_and_what_has_no_end_says_so(run: Run, asked: list[Subject]) -> None:
    out = run("subject", "report", SUBJECT, "--as", "olga").out
    lines = {line.split()[0]: line for line in out.splitlines() if line}
    assert "2023-11-15 22:13" in lines["raw.demo"]
    assert "not by itself" in lines["joined.demo"]
    assert "backups: as made" in out
    assert asked


def shown(run: Run, monkeypatch: pytest.MonkeyPatch, answer: Answer) -> tuple[str, dict[str, Any]]:
    monkeypatch.setattr(reporting, "report_on", lambda *_: answer)
    words = run("subject", "report", SUBJECT, "--as", "olga").out
    return words, json.loads(run("subject", "report", SUBJECT, "--as", "olga", "--json").out)


def test_of_nobody_it_says_what_it_cannot_know(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    words, told = shown(run, monkeypatch, Answer(NOBODY, NONE))
    assert "Of no task known here" in words
    assert "erased" not in words
    assert (told["held"], told["tasks"], told["state"]) == ([], [], "none")
    assert told["unknown"] == [{"place": "backups", "why": "as made"}]


@pytest.mark.parametrize(
    ("erased", "waiting", "missing", "state", "said"),
    [
        (AT, (), (), "over", "erased since 2023-11-14 22:13"),
        (0, (), (), "working", "being erased"),
        (0, (), ("an approver (grace)",), "unsigned", "not erased, a signature is missing"),
    ],
)
def test_an_erasure_is_told_with_who_ordered_it_and_when(
    run: Run, monkeypatch: pytest.MonkeyPatch, erased: int, waiting: Any, missing: Any, state: str, said: str
) -> None:
    signed = (Signed("olga", AT - 60_000, "subject_request"),)
    erasure = Erasure(HASH, signed, (Taken("t", AT, "s", erased),), erased, 0, waiting)
    words, told = shown(
        run, monkeypatch, Answer(replace(SOMEBODY, erasure=erasure), Standing(erasure, ("olga",), missing))
    )
    assert said in words
    assert "ordered by olga on 2023-11-14 22:12 UTC: subject_request" in words
    assert (told["state"], told["erasure"]["signed"][0]["person"]) == (state, "olga")
