"""`veil label`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli import label_agreement, label_people, label_quality, label_studio, label_work, webhooks
from deploy.cli.command import Command, Commands
from deploy.cli.options import AsJson, Project, Root
from deploy.cli.output import Output
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT

app = typer.Typer(cls=Commands, help="Annotators' way in, and who gets work.", no_args_is_help=True)
for order in (label_work.pause, label_work.resume, label_work.exclude, label_work.admit):
    app.command(cls=Command)(order)
app.command("quality", cls=Command)(label_quality.quality)
app.command("readmit", cls=Command)(label_quality.readmit)
MAX_LIFETIME_S = 3600


@app.callback()
def label() -> None:
    """Annotators' way in, and who gets work."""


@app.command(cls=Command)
def token(
    person: Annotated[str, typer.Option("--person", metavar="PERSON", help="The annotator who will use it.")],
    issuer: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="NAME",
            help="The app or operator that signs it; the first operator, if not given.",
        ),
    ] = None,
    devices: Annotated[
        list[str] | None,
        typer.Option("--device", metavar="NAME", help="What the signer says of the device; several times."),
    ] = None,
    lifetime_s: Annotated[
        int, typer.Option("--lifetime", min=1, max=MAX_LIFETIME_S, metavar="S", help="Seconds it holds.")
    ] = MAX_LIFETIME_S,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Print a bearer token with which an annotator takes tasks; nothing else is printed.

    It is a credential for an hour at most: hand it over, don't write it down. An annotator app signs its own, for
    the people whom the project's file lets it act for; what it does is on the audit with both names.

    [dim]Example:[/] [cyan]veil label token --person ann-1 --as triage-ui --lifetime 300[/]
    """
    from deploy.persons import annotator_token

    made = annotator_token(root, project, person, issuer, lifetime_s, devices or ())
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
    from deploy.cli.codes import tell_code
    from deploy.signin.invitation import path_of, read
    from schemas.errors import ConfigError

    invited = read(root, project)
    if invited is None:
        raise ConfigError(
            f"{path_of(root, project)}: nobody is invited; `veil up` with an OpenBao of its own does it"
        )
    tell_code(invited, as_json, project=project)


app.command(cls=Command)(label_agreement.agreement)
app.command(cls=Command)(label_people.drift)
app.command("export", cls=Command)(label_studio.export)
app.command("import", cls=Command)(label_studio.import_answers)
app.add_typer(webhooks.app, name="webhooks")
