"""`veil purge`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from deploy.cli.command import flag
from deploy.cli.exits import Exit
from deploy.cli.moments import moment
from deploy.cli.options import AsJson, Root
from deploy.cli.output import BAD, GOOD, QUIET, Output, PlainTable, heading
from deploy.ending import terminable
from deploy.settings import DEFAULT_ROOT
from schemas.errors import ConfigError

if TYPE_CHECKING:
    from deploy.purging import Checked
    from topology.retained import Place


def purge(
    dry_run: Annotated[bool, flag("--dry-run", text="Look, and change nothing. There is no other way.")] = False,
    project: Annotated[
        str | None,
        typer.Option("--project", "-p", metavar="P", help="One project alone; all and the platform without it."),
    ] = None,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Tell whether what has to end has ended, in Kafka and in Vault, place by place; 1 where something has not.

    Kafka and keeper purge by themselves: this looks from outside whether they do. No record of content is read.

    [dim]Example:[/] [cyan]veil purge --dry-run --project demo[/]
    """
    with terminable():
        from deploy.purging import WHO_PURGES, check

        if not dry_run:
            raise ConfigError(WHO_PURGES)
        checked = check(root, project or "")
    Output(as_json).result(checked.as_json(), *_words(checked))
    if checked.faults:
        raise typer.Exit(Exit.FAILED)


def _words(checked: Checked) -> Iterator[RenderableType]:
    yield heading(f"retention of {checked.project or 'all projects'}", f"as of {moment(checked.at)} UTC")
    yield _table(checked.places)
    if not checked.faults:
        yield Text.assemble(("✓ ", GOOD), f"Nothing is overdue in {len(checked.places)} places.")
    for it in checked.faults:
        yield Text.assemble(("✗ ", BAD), f"{it.place}: ", (f"{it.fault}", BAD), f": {it.why}")


def _table(places: Sequence[Place]) -> RenderableType:
    table = PlainTable("place", "held", "oldest", "ends", "")
    for it in places:
        word = Text(it.fault.value, style=BAD) if it.fault else Text(it.why, style=QUIET)
        table.add_row(it.place, f"{it.held:,}", _moment(it.oldest), _moment(it.ends), word)
    return table


def _moment(at: int) -> str:
    return moment(at) if at else "-"
