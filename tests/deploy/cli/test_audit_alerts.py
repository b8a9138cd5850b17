"""What `veil audit alerts` prints; on a running installation: tests/deploy/cli/test_up.py."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from deploy.cli.audit_alerts import words
from schemas.alerts import Alert, Severity

AT = 1_700_000_000_000


def printed(found: list[tuple[str, Alert]], shown: int = 20) -> str:
    console = Console(file=io.StringIO(), width=160, highlight=False, markup=False)
    for word in words(found, found[max(0, len(found) - shown) :]):
        console.print(word)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def alert(number: int, rule: str = "repeated-denials") -> Alert:
    return Alert(f"{number}", rule, Severity.WARNING, f"person/otto-{number}", AT, AT + number)


def test_where_nothing_was_told_it_does_not_say_that_nothing_is_wrong() -> None:
    """Watch and the matcher tell nothing either while they don't run."""
    text = printed([])
    assert "No alert was told" in text
    assert "veil status" in text


def test_alerts_are_counted_by_rule_and_each_says_of_which_project_or_of_the_platform() -> None:
    text = printed([("demo", alert(1, "skips")), ("platform", alert(2)), ("platform", alert(3))])
    assert "2 repeated-denials, 1 skips" in text
    assert [line.split()[5] for line in text.splitlines() if "otto" in line] == ["demo", "platform", "platform"]


def test_the_latest_are_shown_and_the_others_counted() -> None:
    text = printed([("platform", alert(number)) for number in range(5)], shown=2)
    assert "person/otto-4" in text
    assert "person/otto-2" not in text
    assert "3 older ones" in text
    assert "person/" not in printed([("demo", alert(1))], shown=0)


@pytest.mark.parametrize("at", [-(10**17), 10**17])
def test_one_whose_events_were_dated_beyond_every_calendar_hides_no_other(at: int) -> None:
    """Who acted has dated them: a process that was taken over writes there what it likes."""
    text = printed([("demo", Alert("a", "pace", Severity.WARNING, "person/otto", at, at)), ("demo", alert(1))])
    assert f"{at} ms" in text
    assert "person/otto-1" in text


def test_nothing_in_one_steers_a_terminal() -> None:
    """Whom a process names is whatever it writes."""
    steering = Alert("\x1b[2J", "pa\x1bce", Severity.WARNING, "person/\x1b[2Jotto\u202e", AT, AT)
    text = printed([("demo", steering)])
    assert "otto" in text
    assert not {"\x1b", "\u202e"} & set(text)
