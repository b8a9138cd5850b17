from __future__ import annotations

import pytest

from schemas.errors import ConfigError
from topology.playbook import load_playbook, playbook_names, read_playbook


@pytest.mark.parametrize("name", playbook_names())
def test_each_playbook_has_a_title_and_steps_that_begin_with_words(name):
    found = load_playbook(name)
    assert found.title
    assert len(found.steps) >= 4
    assert all(step[:1].isalpha() or step.startswith("`") for step in found.steps)
    assert found.text.startswith(f"# {found.title}\n")


def test_a_step_goes_on_in_the_lines_that_are_indented_as_its_text():
    found = read_playbook("x", "# Title\n\nWhy.\n\n1. Look\n   again: `a`.\n2. Act.\n\nEnd.\n")
    assert (found.title, found.steps) == ("Title", ("Look again: `a`.", "Act."))


@pytest.mark.parametrize("text", ["# Nothing\n", "# Gap\n\n1. One\n3. Three\n", "# From two\n\n2. Two\n"])
def test_steps_that_are_not_numbered_in_order_are_refused(text):
    with pytest.raises(ConfigError, match="not numbered"):
        read_playbook("x", text)


@pytest.mark.parametrize("name", ["", "nothing", "../flow"])
def test_a_name_that_is_none_is_refused_with_those_there_are(name):
    with pytest.raises(ConfigError, match="there are: curious-person"):
        load_playbook(name)
