"""`veil console`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.command import Command, Commands
from deploy.cli.options import AsJson, Root
from deploy.settings import DEFAULT_ROOT

app = typer.Typer(cls=Commands, help="The way to the compliance console.", no_args_is_help=True)


@app.callback()
def console() -> None:
    """The way to the compliance console."""


@app.command(cls=Command)
def code(
    person: Annotated[
        str, typer.Option("--person", metavar="PERSON", help="Whose code; one of those whom veil up has invited.")
    ],
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Print the second factor's code of the moment for somebody whom [cyan]veil up[/] has invited to the console.

    An authenticator app that has taken in the invitation's [cyan]otpauth[/] address shows the same one. A code
    holds for half a minute, and once.

    [dim]Example:[/] [cyan]veil console code --person iris[/]
    """
    from deploy.cli.codes import tell_code
    from deploy.signin.invitation import console_name, invited_to_console, read
    from schemas.errors import ConfigError

    invited = read(root, console_name(person))
    if invited is None:
        found = ", ".join(it.person for it in invited_to_console(root)) or "nobody"
        raise ConfigError(f"{person} is not invited to the console under {root}; invited: {found}")
    tell_code(invited, as_json)
