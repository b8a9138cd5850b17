"""Commands that documents speak of: whether the command line would take them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

import typer

from deploy.cli.app import app

INLINE = re.compile(r"`(veil [^`]+)`")
SHOWN = re.compile(r"^\$ (veil .+)$", re.MULTILINE)
STEP = re.compile(r"^[1-9][0-9]?\. .*(?:\n   .*)*", re.MULTILINE)
BLOCK = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
TYPED = re.compile(r"(?:^|&& )(?:\$ )?(?:\.venv/bin/)?(veil .+?)(?= && |\s+#|$)", re.MULTILINE)
NUMBERS = {"N": "2", "NEW": "2", "OLD": "1", "ORDER": "1"}
"""What documents call numbers that are other ones each time."""


def commands_in(text: str) -> list[str]:
    """Those that stand in the text, and those that are shown as typed, each on one line."""
    return [_alone(one) for one in (*INLINE.findall(text), *SHOWN.findall(text))]


def followed_in(text: str) -> list[str]:
    """Those that people follow word by word: in numbered steps, and typed in blocks."""
    typed = [one for block in BLOCK.findall(text) for one in TYPED.findall(block.replace("\\\n", " "))]
    return [*whole(one for step in STEP.findall(text) for one in commands_in(step)), *map(_alone, typed)]


def whole(said: Iterable[str]) -> list[str]:
    """Without those that end with an option: they name it, and leave away what else there is to say."""
    return [one for one in said if not one.split()[-1].startswith("--")]


def context_of(said: str) -> Any:
    """What the command line makes of it; raises where it would not be taken."""
    command, words = command_of(said)
    numbered = [NUMBERS.get(word, word) for word in words]
    return command.make_context(said, numbered)


def command_of(said: str) -> tuple[Any, list[str]]:
    """The command, or of `a|b` the first of them, and the words behind it. LookupError where one is not there."""
    command, words = _commands(), said.split()[1:]
    while words and not words[0].startswith("-") and (known := getattr(command, "commands", None)):
        names = words.pop(0).split("|")
        if strange := [name for name in names if name not in known]:
            raise LookupError(f"`{said}`: no command {strange[0]}")
        command = known[names[0]]
    return command, words


def _alone(said: str) -> str:
    """Without what becomes of what it prints."""
    return " ".join(re.split(r" [|>] ", said)[0].split())


@cache
def _commands() -> Any:
    """Building it takes a fifth of a second, and there are hundreds of commands in documents."""
    return typer.main.get_command(app)


def unknown_options(said: str) -> list[str]:
    """Of a command that stands in a text, maybe without what its options take."""
    command, words = command_of(said)
    known = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
    return [word for word in words if word.startswith("--") and word.partition("=")[0] not in known | {"--help"}]
