"""`veil grant export`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from deploy.cli.factor import ask_factor
from deploy.cli.moments import moment
from deploy.cli.options import As, AsJson, Project, Root
from deploy.cli.output import GOOD, NAME, QUIET, WAITING, Output
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT
from schemas.errors import ConfigError
from schemas.export_order import ExportForm, ExportOrder

if TYPE_CHECKING:
    from deploy.export.ordering import Standing


def order(
    person: As,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="ORDER", help="Somebody's order, by the beginning of its name, to sign it.", show_default=False
        ),
    ] = None,
    form: Annotated[
        ExportForm | None,
        typer.Option("--format", help="Of a new order: the form of the files.", show_default=False),
    ] = None,
    minutes: Annotated[
        int, typer.Option("--minutes", metavar="N", min=1, max=480, help="Of a new order: how long it holds.")
    ] = 60,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Sign that sanitized texts may be taken out with their labels: a new order of yours, or somebody else's.

    It takes an operator, whom the order names, and an approver, each with password and a fresh code. Then
    [cyan]veil export --what sanitized[/] works for that operator, in that form, until the order ends.

    [dim]Example:[/] [cyan]veil grant export --as olga --format spacy[/], then
    [cyan]veil grant export 3b90c2 --as grace[/]
    """
    from deploy.export import ordering

    out = Output(as_json)
    if (name is None) == (form is None):
        raise ConfigError("name the order to sign, or say by --format what a new one is for")
    if form is not None:
        stands = ordering.order(root, project, person, form, minutes * 60_000, lambda: ask_factor(person))
    else:
        stands = ordering.approve(
            root, project, person, name or "", lambda: ask_factor(person), lambda it: out.note(Text(_says(it)))
        )
    out.result({"project": project, **stands.as_json()}, *_words(project, stands))


def _says(order: ExportOrder) -> str:
    return f"{order.person} may take out texts as {order.form.value} until {moment(order.until)} UTC"


def _words(project: str, stands: Standing) -> list[Text]:
    order, short = stands.order, stands.name[:12]
    state, style = ("waiting", WAITING) if stands.missing else ("in force", GOOD)
    words = [Text.assemble((short, NAME), "  ", (state, style)), Text(f"  {_says(order)}", style=QUIET)]
    words += [Text(f"  missing: {role}", style=WAITING) for role in stands.missing]
    if stands.missing:
        then = f"veil grant export {short} --project {project} --as …"
    else:
        how = f"--format {order.form.value} --project {project} --as {order.person}"
        then = f"veil export --what sanitized {how} --to …"
    return [*words, Text(f"  {then}", style="cyan")]
