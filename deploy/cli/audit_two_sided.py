"""`veil audit two-sided`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from deploy.cli.exits import Exit
from deploy.cli.options import AsJson, Root
from deploy.cli.output import BAD, GOOD, QUIET, WAITING, Output, heading, plain_table
from deploy.settings import DEFAULT_ROOT

if TYPE_CHECKING:
    from schemas.alerts import Alert
    from schemas.matching import MatchingStanding

_DAY = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]


def two_sided(
    since: Annotated[datetime | None, typer.Option("--since", formats=_DAY, help="From then on (UTC).")] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=0, metavar="N", help="How many of the latest alerts are shown.")
    ] = 20,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Show how far Vault's own log is matched with the audit, and what neither side explains.

    Exit code 1 where there are such alerts since then, and where nobody matches, or is far behind.

    [dim]Example:[/] [cyan]veil audit two-sided --since 2026-11-01[/]
    """
    from deploy.alerting import standing, told
    from deploy.compliance import compliance
    from schemas.matching import BEHIND_MS
    from streams.audit.two_sided import RULES
    from streams.engine.clock import SystemClock

    out = Output(as_json)
    with compliance(root) as seen, out.progress_console.status(Text("reading the alerts")):
        found = standing(seen)
        alerts = [it for it in told(seen) if it.rule in RULES and it.at >= _milliseconds(since)]
    alerts.sort(key=lambda it: (it.at, it.alert_id))
    shown = alerts[max(0, len(alerts) - limit) :]
    late = found is None or SystemClock().now() - found.judged_until > BEHIND_MS
    content = {
        "standing": None if found is None else asdict(found),
        "late": late,
        "alerts": [asdict(it) for it in shown],
        "left_out": len(alerts) - len(shown),
    }
    out.result(content, *words(found, alerts, shown, late=late))
    if late or alerts:
        raise typer.Exit(Exit.FAILED)


def words(
    found: MatchingStanding | None, alerts: Sequence[Alert], shown: Sequence[Alert], *, late: bool
) -> Iterator[RenderableType]:
    """How far it is, what was matched, then the alerts: counted, and those that are `shown`."""
    if found is None:
        yield Text("✗ Nobody has matched Vault's log here; `veil status` shows shipper and matcher.", style=BAD)
    else:
        yield from _standing(found, late=late)
    yield _sentence(alerts)
    if shown:
        yield _table(shown)
    if len(shown) < len(alerts):
        yield Text(f"  {len(alerts) - len(shown):,} older ones; --limit shows more", style=QUIET)


def _standing(found: MatchingStanding, *, late: bool) -> Iterator[RenderableType]:
    until = _moment(found.judged_until)
    yield heading(f"Vault's log is matched with the audit up to {until}", "UTC")
    if late:
        yield Text("✗ That is long ago; `veil status` shows shipper and matcher.", style=BAD)
    sides = f"audit read up to {_moment(found.audit_until)}, Vault's log up to {_moment(found.vault_until)}"
    yield Text(f"  {sides}; {found.waiting:,} acts wait to be judged", style=QUIET)
    yield Text(f"  matched: {_counts(found.matched)}")


def _sentence(alerts: Sequence[Alert]) -> Text:
    if not alerts:
        return Text.assemble(("✓ ", GOOD), "Each act that is judged was announced, and nobody was refused.")
    counted: dict[str, int] = {}
    for alert in alerts:
        counted[alert.rule] = counted.get(alert.rule, 0) + 1
    return Text(f"✗ alerts: {_counts(counted)}", style=BAD)


def _table(alerts: Sequence[Alert]) -> Table:
    table = plain_table("when", "severity", "rule", "about")
    for alert in alerts:
        style = BAD if alert.severity.value == "critical" else WAITING
        table.add_row(_moment(alert.at), Text(alert.severity.value, style=style), alert.rule, alert.subject)
    return table


def _counts(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counted.items())) or "nothing yet"


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S") if at else "nowhere yet"


def _milliseconds(at: datetime | None) -> int:
    return 0 if at is None else int(at.replace(tzinfo=UTC).timestamp() * 1000)
