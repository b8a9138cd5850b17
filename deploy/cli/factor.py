"""Asks a person for password and code, on the terminal: nothing of it is kept."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from deploy.granting import SecondFactor


def ask_factor(person: str) -> SecondFactor:
    """What they type."""
    from deploy.granting import SecondFactor

    password = typer.prompt(f"Password of {person}", hide_input=True, err=True)
    return SecondFactor(password, typer.prompt("Code", err=True))
