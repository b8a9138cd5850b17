"""Every command, option, exit code and setting is documented, or these tests fail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from deploy.cli.app import app
from deploy.cli.exits import Exit
from deploy.settings import SETTINGS

TREE = Path(__file__).parents[3]
README = (TREE / "deploy" / "README.md").read_text(encoding="utf-8")
EVERYWHERE = {"--json", "--root", "--help"}


def commands() -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its full name."""

    def below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
        children = getattr(command, "commands", None)
        if not children:
            yield name, command
            return
        for word, child in children.items():
            yield from below(f"{name} {word}", child)

    yield from below("veil", typer.main.get_command(app))


ALL = dict(commands())


@pytest.mark.parametrize("name", ALL)
def test_every_command_has_help_with_an_example_and_a_json_form(name: str) -> None:
    command = ALL[name]
    assert "Example:" in (command.help or "")
    assert f"{name} " in command.help or f"{name}[" in command.help
    assert "--json" in {word for it in command.params for word in it.opts}


@pytest.mark.parametrize("name", ALL)
def test_every_option_and_argument_has_help(name: str) -> None:
    assert not [it.name for it in ALL[name].params if not getattr(it, "help", None)]


def test_the_readme_lists_exactly_the_commands_there_are() -> None:
    assert set(re.findall(r"^\| `(veil[^`]*)` \|", README, re.MULTILINE)) == set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_the_readme_lists_exactly_the_options_of_a_command(name: str) -> None:
    row = next(line for line in README.splitlines() if line.startswith(f"| `{name}` |"))
    long = {word for it in ALL[name].params for word in it.opts if word.startswith("--")}
    assert set(re.findall(r"`(--[a-z-]+)`", row)) == long - EVERYWHERE


def test_the_readme_names_the_commands_that_know_no_root() -> None:
    sentence = re.search(r"`--root` .*? goes with all but (.*?);", README, re.DOTALL)
    assert sentence
    named = {f"veil {name}" for name in re.findall(r"`([^`]+)`", sentence[1])}
    groups = {name.removesuffix(" …") for name in named if name.endswith(" …")}
    rootless = {name for name, it in ALL.items() if not any("--root" in one.opts for one in it.params)}
    alone = {name for name in rootless if name.rpartition(" ")[0] not in groups}
    assert alone | {f"{group} …" for group in groups} == named
    assert rootless - alone == {name for name in ALL if name.rpartition(" ")[0] in groups}


def test_the_readme_lists_every_exit_code() -> None:
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    assert listed == set(Exit)


def test_the_readme_lists_every_setting_as_it_is() -> None:
    rows = re.findall(r"^\| `(VEIL_[A-Z_]+)` \| (.*?) \| (.*?) \|$", README, re.MULTILINE)
    assert rows == [(it.name, it.default, it.meaning) for it in SETTINGS]


def test_every_variable_that_is_read_anywhere_is_a_setting() -> None:
    sources = [TREE / "Makefile"]
    for room in ("deploy", "schemas", "streams", "tests", "topology", "vault"):
        sources += sorted((TREE / room).rglob("*.py"))
    variable = re.compile(r"\bVEIL_[A-Z]+(?:_[A-Z]+)*")
    found = {name for path in sources for name in variable.findall(path.read_text("utf-8"))}
    assert found == {it.name for it in SETTINGS}
