"""Each playbook that a rule names is there, and speaks of commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from streams.audit.two_sided import PLAYBOOK, RULES
from streams.watch.rules_document import packaged_rules
from tests.support.said_commands import NUMBERS, commands_in, context_of

PLAYBOOKS = Path(__file__).parents[2] / "topology" / "playbooks"
NAMES = sorted(file.stem for file in PLAYBOOKS.glob("*.md"))


def test_every_rule_names_a_playbook_and_every_playbook_is_named_by_one():
    assert sorted({PLAYBOOK, *(rule.playbook for rule in packaged_rules())}) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_playbook_names_the_rules_that_lead_to_it(name):
    text = (PLAYBOOKS / f"{name}.md").read_text(encoding="utf-8")
    leading = {*RULES} if name == PLAYBOOK else {it.name for it in packaged_rules() if it.playbook == name}
    assert leading <= set(re.findall(r"`([a-z-]+)`", text))


@pytest.mark.parametrize("name", NAMES)
def test_commands_in_a_playbook_exist_with_their_options_and_reasons(name):
    said = commands_in((PLAYBOOKS / f"{name}.md").read_text(encoding="utf-8"))
    assert said
    for one in said:
        assert one == "veil up" or context_of(one).params


@pytest.mark.parametrize("name", NAMES)
def test_a_number_in_a_playbook_is_called_by_one_name_and_no_other_number_is(name):
    meant: dict[str, set[str]] = {}
    for command, option, called in numbers_in((PLAYBOOKS / f"{name}.md").read_text(encoding="utf-8")):
        bad = (command, option) == ("withdraw", "version")  # what is withdrawn is the version that was bad
        meant.setdefault(called, set()).add("bad version" if bad else option)
    assert {called: what for called, what in meant.items() if len(what) > 1} == {}


def numbers_in(text):
    """For each number that a command is told by a name: the command, its parameter, the name."""
    for said in commands_in(text):
        words = said.split()
        for called in sorted(NUMBERS.keys() & set(words)):
            before = context_of(said).params
            others = context_of(" ".join("9" if word == called else word for word in words)).params
            changed = [param for param, value in others.items() if value != before[param]]
            yield from ((words[2], param, called) for param in changed)


def test_no_playbook_starts_again_with_some_of_the_options_alone():
    """What `veil up` is told counts for that start alone, and one that runs has to end before."""
    said = [one for name in NAMES for one in commands_in((PLAYBOOKS / f"{name}.md").read_text(encoding="utf-8"))]
    assert {one for one in said if one.startswith("veil up")} == {"veil up"}
