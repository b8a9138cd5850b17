"""`veil label`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli import label_quality
from deploy.cli.command import Command, Commands
from deploy.cli.options import AsJson, Project, Root
from deploy.cli.output import Output
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT

app = typer.Typer(cls=Commands, help="Annotators' way in.", no_args_is_help=True)
app.command("quality", cls=Command)(label_quality.quality)
app.command("readmit", cls=Command)(label_quality.readmit)
MAX_LIFETIME_S = 3600


@app.callback()
def label() -> None:
    """Annotators' way in."""


@app.command(cls=Command)
def token(
    person: Annotated[str, typer.Option("--person", metavar="PERSON", help="The annotator who will use it.")],
    issuer: Annotated[
        str | None,
        typer.Option("--as", metavar="PERSON", help="The operator who signs it; the first, if not given."),
    ] = None,
    lifetime_s: Annotated[
        int, typer.Option("--lifetime", min=1, max=MAX_LIFETIME_S, metavar="S", help="Seconds it holds.")
    ] = MAX_LIFETIME_S,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Print a bearer token with which an annotator takes tasks; nothing else is printed.

    It is a credential for an hour at most: hand it over, don't write it down.

    [dim]Example:[/] [cyan]curl -X POST -H "Authorization: Bearer $(veil label token --person ann-1)" …[/]
    """
    from deploy.persons import annotator_token

    made = annotator_token(root, project, person, issuer, lifetime_s)
    out = Output(as_json)
    if as_json:
        out.json_line({"person": person, "project": project, "lifetime_s": lifetime_s, "token": made})
    else:
        typer.echo(made)


@app.command(cls=Command)
def code(
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Print the second factor's code of the moment for the annotator whom [cyan]veil up[/] has invited.

    An authenticator app that has taken in the invitation's [cyan]otpauth[/] address shows the same one. A code
    holds for half a minute, and once.

    [dim]Example:[/] [cyan]veil label code --project demo[/]
    """
    from deploy.signin.invitation import path_of, read
    from deploy.signin.totp import code_at
    from schemas.errors import ConfigError
    from streams.engine.clock import SystemClock

    invited = read(root, project)
    if invited is None:
        raise ConfigError(
            f"{path_of(root, project)}: nobody is invited; `veil up` with an OpenBao of its own does it"
        )
    made = code_at(invited.otpauth, SystemClock().now() // 1000)
    if as_json:
        Output(as_json).json_line({"person": invited.person, "project": project, "code": made})
    else:
        typer.echo(made)
