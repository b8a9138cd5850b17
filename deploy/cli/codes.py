"""The second factor's code of somebody whom `veil up` has invited, as each command for it prints it."""

from __future__ import annotations

import typer

from deploy.cli.output import Output
from deploy.signin.invitation import Invitation
from deploy.signin.totp import code_at
from streams.engine.clock import SystemClock


def tell_code(invited: Invitation, as_json: bool, **named: str) -> None:
    """The code of the moment, alone on its line; `named` is said beside it in JSON."""
    made = code_at(invited.otpauth, SystemClock().now() // 1000)
    if as_json:
        Output(as_json).json_line({"person": invited.person, **named, "code": made})
    else:
        typer.echo(made)
