"""`veil completion`: what a shell needs to complete our commands."""

from __future__ import annotations

import json
import os
import sys
from enum import StrEnum
from typing import Annotated

import typer
from typer.completion import completion_init, get_completion_script  # type: ignore[attr-defined] # its own names

from deploy.cli.options import AsJson

PROGRAM, VARIABLE = "veil", "_VEIL_COMPLETE"


class Shell(StrEnum):
    """Those that typer makes a script for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Print a script by which a shell completes our commands and options; it writes no file.

    [dim]Example:[/] [cyan]source <(veil completion bash)[/]
    """
    script = get_completion_script(prog_name=PROGRAM, complete_var=VARIABLE, shell=shell.value)
    sys.stdout.write((json.dumps({"script": script}) if as_json else script) + "\n")


def prepare() -> None:
    """Where a shell asks for completions, be ready to answer it."""
    if VARIABLE in os.environ:
        completion_init()
