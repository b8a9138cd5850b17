"""How our commands show their help, and where their errors end."""

from __future__ import annotations

import inspect
import re
from typing import Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperCommand, TyperGroup

from deploy.cli.exits import Exit, exit_for, sentence
from schemas.errors import VeilError

# Annotations of typer's private copy of click are `Any` here: its names may move with any release.


class Command(TyperCommand):
    """A command. A single line break in its docstring is none in its help, however wide the terminal."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["help"] = flowing(kwargs.get("help"))
        super().__init__(*args, **kwargs)

    def get_help_option(self, ctx: Any) -> Any:  # noqa: ANN401 - see above
        return _without_type(super().get_help_option(ctx))


class Commands(TyperGroup):
    """A group, whose commands' errors become a sentence on standard error and an exit code."""

    def get_help_option(self, ctx: Any) -> Any:  # noqa: ANN401 - see above
        return _without_type(super().get_help_option(ctx))

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - see above
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # `veil audit tail | head`: typer ends quietly
            raise
        except KeyboardInterrupt:
            raise typer.Exit(Exit.INTERRUPTED) from None
        except VeilError as error:
            say(sentence(error))
            raise typer.Exit(exit_for(error)) from None
        except OSError as error:
            say(sentence(error))
            raise typer.Exit(Exit.REFUSED) from None


def flowing(text: str | None) -> str | None:
    """The text with each paragraph on one line."""
    return re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.cleandoc(text)) if text else text


def flag(*names: str, text: str) -> Any:  # noqa: ANN401 - what typer.Option returns
    """An option without a value; typer would write `<bool>` beside it."""
    return typer.Option(*names, help=text, metavar="")


def say(text: str) -> None:
    """A failure, for a person."""
    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    console.print(Text.assemble(("✗ ", "bold red"), text), soft_wrap=True)


def _without_type(option: Any) -> Any:  # noqa: ANN401 - see above
    if option is not None:
        option.metavar = ""
    return option
