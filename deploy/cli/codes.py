"""The second factor's code of somebody whom `veil up` has invited, as each command for it prints it."""

from __future__ import annotations

from pathlib import Path

import typer

from deploy.cli.output import Output
from deploy.signin.invitation import Invitation, read
from deploy.signin.totp import code_at
from schemas.errors import ConfigError
from streams.engine.clock import SystemClock


def tell_code(invited: Invitation, as_json: bool, **named: str) -> None:
    """The code of the moment, alone on its line; `named` is said beside it in JSON."""
    made = code_at(invited.otpauth, SystemClock().now() // 1000)
    if as_json:
        Output(as_json).json_line({"person": invited.person, **named, "code": made})
    else:
        typer.echo(made)


def tell_code_of(root: Path, name: str, person: str, to: str, as_json: bool) -> None:
    """The same for a person whom `veil up` has invited `to` something, by the invitation's name.

    Raises ConfigError where it has not.
    """
    invited = read(root, name)
    if invited is None:
        raise ConfigError(f"{person} is not invited to {to} under {root}; veil up invites some of each project")
    tell_code(invited, as_json)
