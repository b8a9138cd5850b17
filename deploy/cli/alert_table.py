"""Alerts as commands show them: counted by rule, and the latest as a table. What processes and strangers named or
dated stands in them, and neither steers a terminal nor keeps the others from being shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from deploy.cli.output import BAD, WAITING, PlainTable
from streams.audit.printable import printable

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
        number, rule, subject = map(printable, (alert.alert_id[:8], alert.rule, alert.subject))
        table.add_row(number, second(alert.at), Text(alert.severity.value, style=style), rule, place, subject)
    return table


def by_rule(told: Told) -> str:
    """How many alerts of each rule."""
    return counts(Counter(alert.rule for _, alert in told))


def counts(counted: Mapping[str, int]) -> str:
    """`1,200 decrypt, 9 login`."""
    return printable(", ".join(f"{count:,} {name}" for name, count in sorted(counted.items()))) or "nothing yet"


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
