"""What guides tell people to type is taken, and where they point to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.said_commands import commands_in, context_of

GUIDES = Path(__file__).parents[2] / "deploy" / "guides"
NAMES = sorted(file.name for file in GUIDES.glob("*.md"))
LINK = re.compile(r"\]\(([^)#]+)\)")


def text_of(name: str) -> str:
    return (GUIDES / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_commands_in_a_guide_are_taken_as_they_stand(name: str) -> None:
    for said in commands_in(text_of(name)):
        context_of(said.replace("…", ""))


@pytest.mark.parametrize("name", NAMES)
def test_what_a_guide_points_to_is_there(name: str) -> None:
    assert [link for link in LINK.findall(text_of(name)) if not (GUIDES / link).exists()] == []


def test_the_index_leads_to_every_guide() -> None:
    assert sorted(LINK.findall(text_of("README.md"))) == [name for name in NAMES if name != "README.md"]
