"""Whatever command a document speaks of is there, and has the options that it is said to have."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.said_commands import command_of, commands_in, unknown_options

ROOT = Path(__file__).parents[2]
ROOMS = ("deploy", "schemas", "streams", "tests", "topology", "vault")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(file for room in ROOMS for file in (ROOT / room).rglob("*.md"))])


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_each_command_is_there_with_its_options(file: Path) -> None:
    found = [(said, unknown) for said in commands_in(file.read_text()) if (unknown := unknown_options(said))]
    assert found == []


@pytest.mark.parametrize("said", ["veil nothing", "veil label webhook replay", "veil keys rotate|turn"])
def test_one_that_is_not_there_is_found(said: str) -> None:
    with pytest.raises(LookupError):
        command_of(said)


def test_an_option_that_is_not_there_is_found() -> None:
    assert unknown_options("veil audit tail --type webhook --last 5") == ["--type"]
