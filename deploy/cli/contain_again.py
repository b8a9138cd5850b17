"""`veil contain reredact`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from deploy.cli.command import Command, Commands
from deploy.cli.options import As, AsJson, Project, Root
from deploy.cli.output import GOOD, QUIET, WAITING, Output
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT
from schemas.errors import ConfigError

if TYPE_CHECKING:
    from deploy.reredacting import Progress

app = typer.Typer(cls=Commands)


@app.command(cls=Command)
def reredact(
    person: As,
    version: Annotated[
        int | None,
        typer.Option("--policy-version", metavar="N", help="A new order: by this policy version or a later one."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="AGO", help="What arrived since so long ago: 90m, 6h, 2d. None: all."),
    ] = None,
    order: Annotated[
        int | None, typer.Option("--order", metavar="N", help="Sign this order, which somebody else has proposed.")
    ] = None,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Order that records still in raw retention are redacted once more, by the policy that is in force by now.

    Signed by an operator and an approver. Each record becomes a task anew, as a later revision, and is labeled
    anew, in place of an open task of an earlier one. To pull all tasks of a bad policy at once, whatever becomes
    of their records: [cyan]veil contain withdraw --policy-version[/].

    [dim]Example:[/] [cyan]veil contain reredact --policy-version 4 --since 6h --as olga[/]
    """
    from deploy.reredacting import propose, second

    match (version, order):
        case (int(), None):
            _tell_again(Output(as_json), project, propose(root, project, person, version, since))
        case (None, int()) if since is None:
            _tell_again(Output(as_json), project, second(root, project, person, order))
        case _:
            raise ConfigError("give --policy-version (and --since), or the --order that somebody has proposed")


def _tell_again(out: Output, project: str, one: Progress) -> None:
    """How an order to redact again stands."""
    number = one.order.number
    hint = f"veil contain reredact --order {number} --as …" if one.missing else "veil contain status shows how far"
    out.result(
        {"project": project, **one.as_json()},
        Text.assemble(("✓ ", GOOD), "Signed. ", again(one)),
        Text(f"  {hint}", style=QUIET),
    )


def again(one: Progress) -> Text:
    """How an order stands, in words."""
    number, found = one.order.number, one.carried
    if one.missing:
        return Text(f"order {number} to redact again, unsigned; missing: {', '.join(one.missing)}", style=WAITING)
    words = f"order {number} to redact again: {one.state}"
    if found is not None:
        words += f", {found.redacted:,} records redacted"
        words += f" of {found.copied:,}; {found.missed:,} offsets were gone by then" if found.ended else " so far"
    return Text(words, style=GOOD if one.state == "done" else WAITING)
