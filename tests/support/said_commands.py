"""Commands that documents speak of: whether the command line would take them."""

from __future__ import annotations

import re
from typing import Any

import typer

from deploy.cli.app import app

INLINE = re.compile(r"`(veil [^`]+)`")
SHOWN = re.compile(r"^\$ (veil .+)$", re.MULTILINE)


def commands_in(text: str) -> list[str]:
    """Those that stand in the text, and those that are shown as typed, each on one line."""
    said = (*INLINE.findall(text), *SHOWN.findall(text))
    return [" ".join(re.split(r" [|>] ", one)[0].split()) for one in said]


def context_of(said: str) -> Any:
    """What the command line makes of it; raises where it would not be taken."""
    command, words = typer.main.get_command(app), said.split()[1:]
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    numbered = ["2" if word == "N" else word for word in words]
    return command.make_context(said, numbered)
