"""`veil label webhooks`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from deploy.cli.command import Command, Commands, flag
from deploy.cli.options import As, AsJson, Project, Root
from deploy.cli.output import GOOD, QUIET, Output
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT

app = typer.Typer(cls=Commands, help="Who is told what happens, over HTTP.", no_args_is_help=True)
Endpoint = Annotated[
    str, typer.Argument(metavar="ENDPOINT", help="Its name in the project's file.", show_default=False)
]


@app.callback()
def webhooks() -> None:
    """Who is told what happens, over HTTP."""


@app.command(cls=Command)
def secret(
    endpoint: Endpoint,
    rotate: Annotated[bool, flag("--rotate", text="Make a new one; the one before signs too for now.")] = False,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Print the secret with which an endpoint checks signatures; nothing else is printed.

    It is what proves that a message is ours: hand it over, don't write it down. [cyan]--rotate[/] makes a new one,
    and messages carry two signatures until the next rotation, so that the receiver can change over.

    [dim]Example:[/] [cyan]veil label webhooks secret warehouse --project demo[/]
    """
    from deploy.webhooks import secret as of_endpoint

    made = of_endpoint(root, project, endpoint, rotate=rotate)
    if as_json:
        Output(as_json).json_line({"project": project, "endpoint": endpoint, "secret": made})
    else:
        typer.echo(made)


@app.command(cls=Command)
def replay(
    person: As,
    since: Annotated[
        datetime | None,
        typer.Option(
            "--since",
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"],
            help="Of what has happened from then on (UTC), as far back as the topics reach; withdrawals: all.",
        ),
    ] = None,
    message: Annotated[
        str | None, typer.Option("--id", metavar="MESSAGE", help="One message, by its webhook-id.")
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", metavar="ENDPOINT", help="To one endpoint; all, if not given.")
    ] = None,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Order that messages are sent again, under their old ids: after a failure of the receiver, or for a new one.

    Signed by an operator. Withdrawals are among them. What [cyan]webhook.failed[/] on the audit speaks of is
    replayed by its [cyan]since[/].

    [dim]Example:[/] [cyan]veil label webhooks replay --as olga --since 2026-11-26 --endpoint warehouse[/]
    """
    from deploy.webhooks import replay as order
    from schemas.control import Replay, read_replay, replay_body

    if since is None and message is None:
        raise typer.BadParameter("give --since or --id", param_hint="--since")
    begin = int(since.replace(tzinfo=UTC).timestamp() * 1000) if since else 0
    wanted = Replay(begin, endpoint or "", message or "")
    if read_replay(replay_body(wanted)) is None:
        raise typer.BadParameter("an id is msg_ and 32 hexadecimal digits, an endpoint a name", param_hint="--id")
    key = order(root, project, person, wanted)
    Output(as_json).result(
        {"project": project, "control_key": key, "since": begin, "endpoint": endpoint, "id": message},
        Text.assemble(("✓ ", GOOD), "Ordered. They are sent as soon as those that wait leave room."),
        Text("  veil audit tail --follow shows webhook.delivered", style=QUIET),
    )
