"""What `veil audit two-sided` prints; on a running installation: tests/deploy/cli/test_up.py."""

from __future__ import annotations

import io

from rich.console import Console

from deploy.cli.audit_two_sided import words
from schemas.alerts import Alert, Severity
from schemas.matching import MatchingStanding

AT = 1_700_000_000_000
STANDING = MatchingStanding(AT, AT - 100_000, AT - 40_000, AT - 2_000, 3, {"decrypt": 1_200, "login": 9}, {"x": 1})


def printed(found: MatchingStanding | None, alerts: list[Alert], shown: int = 20, *, late: bool = False) -> str:
    console = Console(file=io.StringIO(), width=160, highlight=False, markup=False)
    told = [("demo", it) for it in alerts]
    for word in words(found, told, told[max(0, len(told) - shown) :], late=late):
        console.print(word)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def alert(number: int, severity: Severity = Severity.WARNING) -> Alert:
    return Alert(f"{number}", "vault-denied", severity, f"vault/label.demo/{number}", AT, AT + number)


def test_how_far_it_is_and_what_was_matched_is_told() -> None:
    text = printed(STANDING, [])
    assert "up to 2023-11-14 22:11:40" in text
    assert "audit read up to 2023-11-14 22:12:40, Vault's log up to 2023-11-14 22:13:18" in text
    assert "3 acts wait" in text
    assert "matched: 1,200 decrypt, 9 login" in text
    assert "✓ Each act" in text


def test_alerts_are_counted_and_the_latest_shown() -> None:
    text = printed(STANDING, [alert(number) for number in range(5)], shown=2)
    assert "5 vault-denied" in text
    assert "vault/label.demo/4" in text
    assert "vault/label.demo/2" not in text
    assert "3 older ones" in text
    assert "vault/label.demo" not in printed(STANDING, [alert(1)], shown=0)


def test_where_nobody_matches_or_is_far_behind_it_says_so() -> None:
    assert "Nobody has matched" in printed(None, [], late=True)
    assert "long ago" in printed(STANDING, [], late=True)
    assert "nowhere yet" in printed(MatchingStanding(AT, 0, 0, 0, 0), [], late=True)
