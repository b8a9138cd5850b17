"""Alerts as commands show them: counted by rule, and the latest as a table."""

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
    table = PlainTable("id", "when", "severity", "rule", "of", "about")
    for place, alert in told:
        style = BAD if alert.severity.value == "critical" else WAITING
        severity = Text(alert.severity.value, style=style)
        table.add_row(alert.alert_id[:8], second(alert.at), severity, alert.rule, place, alert.subject)
    return table


def by_rule(told: Told) -> str:
    """How many alerts of each rule."""
    return counts(Counter(alert.rule for _, alert in told))


def counts(counted: Mapping[str, int]) -> str:
    """`1,200 decrypt, 9 login`."""
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counted.items())) or "nothing yet"


def second(at: int) -> str:
    """Milliseconds since the epoch as date and second in UTC."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S") if at else "nowhere yet"


def milliseconds(at: datetime | None) -> int:
    """Since the epoch; 0 where none is given."""
    return 0 if at is None else int(at.replace(tzinfo=UTC).timestamp() * 1000)
