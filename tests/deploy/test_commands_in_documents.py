"""Whatever command a document speaks of is there, and has the options that it is said to have."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.said_commands import command_of, commands_in, context_of, followed_in, unknown_options, whole

ROOT = Path(__file__).parents[2]
ROOMS = ("deploy", "schemas", "streams", "tests", "topology", "vault")
RUNBOOKS = ROOT / "deploy" / "observability" / "runbooks.md"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(file for room in ROOMS for file in (ROOT / room).rglob("*.md"))])


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_each_command_is_there_with_its_options(file: Path) -> None:
    found = [(said, unknown) for said in commands_in(file.read_text()) if (unknown := unknown_options(said))]
    assert found == []


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_what_is_followed_word_by_word_is_taken_as_it_stands(file: Path) -> None:
    """With all that it takes: who is in an incident doesn't look for what is missing."""
    for said in followed_in(file.read_text()):
        context_of(said.replace("…", ""))


def test_all_commands_of_the_runbooks_are_taken_as_they_stand() -> None:
    said = whole(commands_in(RUNBOOKS.read_text()))
    assert said
    for one in said:
        context_of(one)


def test_steps_and_blocks_are_followed_and_what_only_names_an_option_is_not() -> None:
    steps = "Say `veil up`.\n\n1. `veil down`,\n   `veil contain\n   resume`.\n2. `veil restore --verify`.\n"
    block = "```console\n$ veil publish a \\\n  --project b > c  # as\n.venv/bin/veil status && veil down\n```\n"
    typed = ["veil publish a --project b", "veil status", "veil down"]
    assert followed_in(steps + block) == ["veil down", "veil contain resume", *typed]


@pytest.mark.parametrize("said", ["veil nothing", "veil label webhook replay", "veil keys rotate|turn"])
def test_one_that_is_not_there_is_found(said: str) -> None:
    with pytest.raises(LookupError):
        command_of(said)


def test_an_option_that_is_not_there_is_found() -> None:
    assert unknown_options("veil audit tail --type webhook --last 5") == ["--type"]
