"""Alerts as commands show them: counted by rule, and the latest as a table. What processes and strangers named or
dated stands in them, and neither steers a terminal nor keeps the others from being shown.
"""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from deploy.cli.output import BAD, WAITING, PlainTable

if TYPE_CHECKING:
    from schemas.alerts import Alert

Told = Sequence[tuple[str, "Alert"]]
"""Alerts, each with its project, or the platform."""
FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
"""How a moment is given to a command, in UTC."""


def alert_table(told: Told) -> Table:
    """One a line. Of its id as much as `veil incident open` asks for."""
    from streams.audit.lineage.words import plain

    table = PlainTable("id", "when", "severity", "rule", "of", "about")
    for place, alert in told:
        style = BAD if alert.severity.value == "critical" else WAITING
        number, rule, subject = map(plain, (alert.alert_id[:8], alert.rule, alert.subject))
        table.add_row(number, second(alert.at), Text(alert.severity.value, style=style), rule, place, subject)
    return table


def by_rule(told: Told) -> str:
    """How many alerts of each rule."""
    return counts(Counter(alert.rule for _, alert in told))


def counts(counted: Mapping[str, int]) -> str:
    """`1,200 decrypt, 9 login`."""
    from streams.audit.lineage.words import plain

    return plain(", ".join(f"{count:,} {name}" for name, count in sorted(counted.items()))) or "nothing yet"


def second(at: int) -> str:
    """Milliseconds since the epoch as date and second in UTC; the bare number where no calendar has it."""
    if not at:
        return "nowhere yet"
    try:
        return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return f"{at} ms"


def milliseconds(at: datetime | None) -> int:
    """Since the epoch; 0 where none is given."""
    return 0 if at is None else int(at.replace(tzinfo=UTC).timestamp() * 1000)
