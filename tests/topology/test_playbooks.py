"""Each playbook that a rule names is there, and speaks of commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from streams.audit.two_sided import PLAYBOOK, RULES
from streams.watch.rules_document import packaged_rules
from tests.support.said_commands import commands_in, context_of

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
