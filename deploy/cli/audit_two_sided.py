"""`veil audit two-sided`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from deploy.cli.alert_table import FORMATS, Told, alert_table, by_rule, counts, milliseconds, second
from deploy.cli.exits import Exit
from deploy.cli.options import AsJson, Root
from deploy.cli.output import BAD, GOOD, QUIET, Output, heading
from deploy.settings import DEFAULT_ROOT

if TYPE_CHECKING:
    from schemas.matching import MatchingStanding


def two_sided(
    since: Annotated[datetime | None, typer.Option("--since", formats=FORMATS, help="From then on (UTC).")] = None,
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
        alerts = [it for it in told(seen) if it[1].rule in RULES and it[1].at >= milliseconds(since)]
    alerts.sort(key=lambda it: (it[1].at, it[1].alert_id))
    shown = alerts[max(0, len(alerts) - limit) :]
    late = found is None or SystemClock().now() - found.judged_until > BEHIND_MS
    content = {
        "standing": None if found is None else asdict(found),
        "late": late,
        "alerts": [{"of": place, **asdict(it)} for place, it in shown],
        "left_out": len(alerts) - len(shown),
    }
    out.result(content, *words(found, alerts, shown, late=late))
    if late or alerts:
        raise typer.Exit(Exit.FAILED)


def words(found: MatchingStanding | None, alerts: Told, shown: Told, *, late: bool) -> Iterator[RenderableType]:
    """How far it is, what was matched, then the alerts: counted, and those that are `shown`."""
    if found is None:
        yield Text("✗ Nobody has matched Vault's log here; `veil status` shows shipper and matcher.", style=BAD)
    else:
        yield from _standing(found, late=late)
    yield _sentence(alerts)
    if shown:
        yield alert_table(shown)
    if len(shown) < len(alerts):
        yield Text(f"  {len(alerts) - len(shown):,} older ones; --limit shows more", style=QUIET)


def _standing(found: MatchingStanding, *, late: bool) -> Iterator[RenderableType]:
    until = second(found.judged_until)
    yield heading(f"Vault's log is matched with the audit up to {until}", "UTC")
    if late:
        yield Text("✗ That is long ago; `veil status` shows shipper and matcher.", style=BAD)
    sides = f"audit read up to {second(found.audit_until)}, Vault's log up to {second(found.vault_until)}"
    yield Text(f"  {sides}; {found.waiting:,} acts wait to be judged", style=QUIET)
    yield Text(f"  matched: {counts(found.matched)}")


def _sentence(alerts: Told) -> Text:
    if not alerts:
        return Text.assemble(("✓ ", GOOD), "Each act that is judged was announced, and nobody was refused.")
    return Text(f"✗ alerts: {by_rule(alerts)}", style=BAD)
