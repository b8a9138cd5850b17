from __future__ import annotations

import re
from importlib import resources

import pytest

from schemas.errors import ConfigError
from topology.guidance import KnownSpan
from topology.loading import load_topology, parse_project
from topology.policies import load_policy

PROJECT = """
name: p
owner: o
persons: {authors: [a], approvers: [b]}
"""
TASK = """
onboarding:
  - fields: {text: "a 😀 [PERSON_1] asks; a [CITY_1]"}
    spans: [{field: text, quote: "[PERSON_1]", label: NAME}]
    choices: {tone: calm}
    explains: A name.
"""


def parsed(more: str):
    return parse_project(PROJECT.strip() + "\n" + more, "p.yaml", load_topology().flow).guidance


def test_project_without_guidance_hides_texts_of_windows_not_in_use():
    guidance = parsed("")
    assert (guidance.guidelines, guidance.onboarding, guidance.blur) == ("", (), True)


def test_quotes_become_code_points_also_after_an_emoji():
    (task,) = parsed(TASK).onboarding
    assert task.spans == (KnownSpan("text", 4, 14, "NAME"),)
    assert (task.choices, task.explains) == ({"tone": "calm"}, "A name.")


def test_guidelines_and_blur_are_read():
    guidance = parsed("guidelines: |\n  One.\n\n  Two.\nblur: false")
    assert (guidance.guidelines, guidance.blur) == ("One.\n\nTwo.\n", False)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('quote: "[PERSON_1]"', "quote: nobody", "onboarding.0.spans.0.quote: does not occur in text"),
        ('quote: "[PERSON_1]"', "quote: a", "onboarding.0.spans.0.quote: occurs more than once in text"),
        ("field: text", "field: note", "onboarding.0.spans.0.field: the task has no such field; it has text"),
        (
            "[{field",
            '[{field: text, quote: "[PERSON_1]", label: NAME}, {field',
            "onboarding.0.spans: a span is given",
        ),
        ("    explains: A name.\n", "", "onboarding.0.explains: Field required"),
        ("    explains", "    hint: x\n    explains", "onboarding.0.hint: Extra inputs"),
        ('text: "', 'text: "\\ud800', "no YAML: found invalid Unicode character escape code"),
        (
            '{text: "a 😀 [PERSON_1] asks; a [CITY_1]"}',
            "{}",
            "onboarding.0.fields: Dictionary should have at least 1",
        ),
    ],
)
def test_wrong_practice_task_names_its_place_and_what_is_wrong(old, new, message):
    assert old in TASK
    with pytest.raises(ConfigError, match=r"^p\.yaml") as caught:
        parsed(TASK.replace(old, new))
    assert message in str(caught.value)


@pytest.mark.parametrize("more", ["blur: maybe", "blur: 1", f"guidelines: {'x' * 20_001}"])
def test_wrong_guidance_is_refused(more):
    with pytest.raises(ConfigError, match=r"p\.yaml: (blur|guidelines)"):
        parsed(more)


def test_example_of_the_readme_is_a_project():
    readme = resources.files("topology").joinpath("README.md").read_text("utf-8")
    (example,) = re.findall(r"```yaml\n(name: .*?)```", readme, re.DOTALL)
    guidance = parse_project(example, "README.md", load_topology().flow).guidance
    assert guidance.guidelines
    assert guidance.onboarding


def test_known_answers_of_the_demo_fit_its_policy():
    """No file knows both, so a label that the policy does not have would only show when somebody practises."""
    schema = load_policy("demo").labels
    options = {choice.name: choice.options for choice in schema.choices}
    tasks = load_topology().project("demo").guidance.onboarding
    assert tasks
    for task in tasks:
        assert {span.label for span in task.spans} <= set(schema.spans)
        assert all(option in options[name] for name, option in task.choices.items())
