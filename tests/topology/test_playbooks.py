"""Each playbook that a rule names is there, and speaks of commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from deploy.cli.app import app
from streams.audit.two_sided import PLAYBOOK, RULES
from streams.watch.rules_document import packaged_rules

PLAYBOOKS = Path(__file__).parents[2] / "topology" / "playbooks"
NAMES = sorted(file.stem for file in PLAYBOOKS.glob("*.md"))
COMMAND = re.compile(r"`(veil [^`]+)`")


def test_every_rule_names_a_playbook_and_every_playbook_is_named_by_one():
    assert sorted({PLAYBOOK, *(rule.playbook for rule in packaged_rules())}) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_playbook_names_the_rules_that_lead_to_it(name):
    text = (PLAYBOOKS / f"{name}.md").read_text(encoding="utf-8")
    leading = {*RULES} if name == PLAYBOOK else {it.name for it in packaged_rules() if it.playbook == name}
    assert leading <= set(re.findall(r"`([a-z-]+)`", text))


def found(words: list[str]) -> tuple[typer.core.TyperCommand, list[str]]:
    command = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    return command, words


@pytest.mark.parametrize("name", NAMES)
def test_commands_in_a_playbook_exist_with_their_options_and_reasons(name):
    text = (PLAYBOOKS / f"{name}.md").read_text(encoding="utf-8")
    said = COMMAND.findall(text)
    assert said
    for one in said:
        command, rest = found(one.split()[1:])
        if one == "veil up":
            continue
        numbered = ["2" if word == "N" else word for word in rest]
        context = command.make_context(one, numbered)  # raises where it would not be taken
        assert context.params
