"""What Prometheus is told of the redactor, by the policy in force alone, and of the clock that things end by."""

from __future__ import annotations

from prometheus_client import Gauge

from schemas.gold import LeakTally
from streams.keeper.leaks import Limit, bound, told_above
from vault.clocks import Clocks

_NAMES = ["project", "policy"]
BOUND = Gauge("veil_leak_bound", "What the share of leaked values does not exceed (95 %)", _NAMES)
VALUES = Gauge("veil_gold_values", "Known values of gold that the bound rests on", _NAMES)
LIMIT = Gauge("veil_leak_limit", "What the policy allows the bound to be; 0.01 where it says nothing", _NAMES)
LEAST = Gauge("veil_gold_least", "How many values the policy wants counted before the bound counts", _NAMES)

WAITS = Gauge("veil_ending_waits", "Whether nothing ends by time: this clock and Vault's differ", ["project"])
AHEAD = Gauge("veil_clock_ahead_seconds", "Keeper's clock less Vault's; below zero: it is behind", ["project"])


def show(project: str, limit: Limit, tally: LeakTally) -> None:
    """In the place of what was shown of the project before."""
    shown = {
        BOUND: bound(tally),
        VALUES: tally.values,
        LIMIT: told_above(limit.gold),
        LEAST: limit.gold.least,
    }
    for gauge, value in shown.items():
        gauge.remove_by_labels({"project": project})
        gauge.labels(project, limit.policy_id).set(value)


def show_clocks(project: str, clocks: Clocks) -> None:
    """By how much is not shown where Vault tells no time."""
    WAITS.labels(project).set(not clocks.agree)
    if clocks.ahead_ms is None:
        AHEAD.remove_by_labels({"project": project})
    else:
        AHEAD.labels(project).set(clocks.ahead_ms / 1_000)
