"""Behind and silent are told apart, and nothing of another project's alerts is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.alerts import Alert, Severity
from schemas.matching import BEHIND_MS, MatchingStanding
from schemas.vault_log import KafkaDenied, Operation, Outcome, VaultUse
from streams.audit.two_sided import TwoSided
from streams.console.matching import MATCHER_SILENT_MS, SHIPPER_SILENT_MS, State, of_platform, state_of, told

NOW = 1_800_000_000_000
CURRENT = MatchingStanding(NOW - 5_000, NOW - 100_000, NOW - 40_000, NOW - 7_000, 3, {"decrypt": 12}, {})


@pytest.mark.parametrize(
    ("standing", "state"),
    [
        (None, State.NEVER),
        (CURRENT, State.CURRENT),
        (replace(CURRENT, judged_until=NOW - BEHIND_MS), State.CURRENT),
        (replace(CURRENT, judged_until=NOW - BEHIND_MS - 1), State.BEHIND),
        (replace(CURRENT, judged_until=0), State.BEHIND),
        (replace(CURRENT, vault_until=CURRENT.at - SHIPPER_SILENT_MS - 1), State.SHIPPER_SILENT),
        (replace(CURRENT, vault_until=0), State.SHIPPER_SILENT),
        (replace(CURRENT, at=NOW - MATCHER_SILENT_MS - 1), State.MATCHER_SILENT),
        (
            replace(CURRENT, at=NOW - MATCHER_SILENT_MS - 1, vault_until=NOW - 2 * MATCHER_SILENT_MS),
            State.SHIPPER_SILENT,
        ),
    ],
)
def test_the_worst_that_is_so_is_told(standing, state):
    assert state_of(standing, NOW) is state


def test_the_page_gets_counts_and_times_and_none_where_there_is_none_yet():
    content = told(replace(CURRENT, judged_until=0), NOW)
    assert (content["state"], content["judged_until"], content["waiting"]) == ("behind", None, 3)
    assert content["matched"] == {"decrypt": 12}
    assert told(None, NOW) == {
        "state": "never",
        **dict.fromkeys(("at", "judged_until", "audit_until", "vault_until")),
    }


def platform_alerts():
    """As the matcher makes them: each with something of another project in it."""
    sides = TwoSided()
    use = VaultUse(NOW, "", Operation.OTHER, "", "r-0", Outcome.DENIED)
    for number, (identity, target, document) in enumerate(
        (
            ("person.otto", "sign-otto", ""),
            ("userpass-otto", "auth/userpass/users/otto", ""),
            ("ldap-otto.platform", "sys/mounts/veil-other", ""),
            ("person.platform", "sign-otto", ""),
            ("provisioner.platform", "transit/keys/view-other", "otto"),
            ("otto.other", "sign-otto.other", "otto"),
        )
    ):
        sides.use(replace(use, identity=identity, target=target, document=document, request_id=f"other-{number}"))
    denied = KafkaDenied(NOW, "console.platform", "Read", "Topic", "audit.other")
    return [*sides.judge(2 * NOW, 2 * NOW), *sides.denied(denied)]


def test_of_the_platforms_alerts_nobody_learns_of_whom_in_another_project_they_are():
    alerts = platform_alerts()
    shown = [of_platform(alert) for alert in alerts]
    assert len(alerts) == 7
    assert "otto" not in str(shown)
    assert "other-" not in str(shown)
    assert "audit.other" not in str(shown)
    assert {one["process"] for one in shown} == {"", "provisioner.platform", "console.platform"}
    assert {(one["rule"], one["playbook"]) for one in shown} == {
        ("vault-denied", "unannounced-use"),
        ("kafka-denied", "unannounced-use"),
    }


def test_an_alert_without_details_is_told_all_the_same():
    bare = Alert("a", "later-rule", Severity.CRITICAL, "vault/x", 1, 2)
    assert of_platform(bare)["process"] == of_platform(bare)["operation"] == of_platform(bare)["playbook"] == ""
