"""What to do about an alert: the playbooks (`playbooks/*.md`), and their numbered steps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files

from schemas.errors import ConfigError

_STEP = re.compile(r"^([1-9][0-9]?)\. (.*(?:\n   .*)*)", re.MULTILINE)
"""A number, a dot, and lines that are indented as the first one's text is."""


@dataclass(frozen=True, slots=True)
class Playbook:
    """`steps`: the first has the number 1. `text`: all of the file."""

    name: str
    title: str
    steps: tuple[str, ...]
    text: str


def playbook_names() -> tuple[str, ...]:
    """Those there are."""
    found = (entry.name for entry in files("topology").joinpath("playbooks").iterdir())
    return tuple(sorted(name.removesuffix(".md") for name in found if name.endswith(".md")))


def load_playbook(name: str) -> Playbook:
    """The playbook of this name. Raises ConfigError where there is none."""
    if name not in playbook_names():
        raise ConfigError(f"there is no playbook {name}; there are: {', '.join(playbook_names())}")
    return read_playbook(name, files("topology").joinpath("playbooks", f"{name}.md").read_text(encoding="utf-8"))


def read_playbook(name: str, text: str) -> Playbook:
    """A playbook's text taken apart. Raises ConfigError where its steps are not numbered in order."""
    steps = [(int(number), " ".join(step.split())) for number, step in _STEP.findall(text)]
    if [number for number, _ in steps] != list(range(1, len(steps) + 1)) or not steps:
        raise ConfigError(f"the steps of the playbook {name} are not numbered 1, 2, 3 …")
    return Playbook(name, text.partition("\n")[0].removeprefix("# ").strip(), tuple(it for _, it in steps), text)
