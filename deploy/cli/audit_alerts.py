"""`veil audit alerts`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from deploy.cli.alert_table import FORMATS, Told, alert_table, by_rule, milliseconds
from deploy.cli.exits import Exit
from deploy.cli.options import AsJson, Root
from deploy.cli.output import BAD, GOOD, QUIET, Output
from deploy.settings import DEFAULT_ROOT


def alerts(
    since: Annotated[datetime | None, typer.Option("--since", formats=FORMATS, help="From then on (UTC).")] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=0, metavar="N", help="How many of the latest are shown.")
    ] = 20,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Show what looks wrong by any rule: the alerts of every project and of the platform, the latest last.

    Exit code 1 where there are some since then.

    [dim]Example:[/] [cyan]veil audit alerts --since 2026-11-01[/]
    """
    from deploy.alerting import told
    from deploy.compliance import compliance

    out = Output(as_json)
    with compliance(root) as seen, out.progress_console.status(Text("reading the alerts")):
        found = [(place, it) for place, it in told(seen) if it.at >= milliseconds(since)]
    found.sort(key=lambda it: (it[1].at, it[1].alert_id))
    shown = found[max(0, len(found) - limit) :]
    content = {
        "alerts": [{"of": place, **asdict(it)} for place, it in shown],
        "left_out": len(found) - len(shown),
    }
    out.result(content, *words(found, shown))
    if found:
        raise typer.Exit(Exit.FAILED)


def words(found: Told, shown: Told) -> Iterator[RenderableType]:
    """The alerts: counted, and those that are `shown`."""
    if not found:
        yield Text.assemble(("✓ ", GOOD), "No alert was told.")
        yield Text("  veil status shows whether watch and the matcher, who tell, are at work", style=QUIET)
        return
    yield Text(f"✗ alerts: {by_rule(found)}", style=BAD)
    if shown:
        yield alert_table(shown)
    if len(shown) < len(found):
        yield Text(f"  {len(found) - len(shown):,} older ones; --limit shows more", style=QUIET)
