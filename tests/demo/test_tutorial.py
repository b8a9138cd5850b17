"""The tutorial as a newcomer types it, in a shell, on real parts."""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = [pytest.mark.own_stack, pytest.mark.processes]

TREE = Path(__file__).parents[2]
TUTORIAL = TREE / "deploy" / "guides" / "ten-minutes.md"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
AFTER = "=== the command has ended with"
LIMIT_S = 600
BASH = shutil.which("bash") or ""
COMMANDS = {
    "python": '#!/bin/sh\nexec {python} "$@"\n',  # a link to it would be outside of its environment
    "veil": "#!{python}\nimport sys\nsys.argv[0] = 'veil'\nfrom deploy.cli import main\nmain()\n",
}


@dataclass(frozen=True, slots=True)
class Step:
    """What is typed, and what is shown of the answer; nothing where the tutorial shows nothing."""

    typed: str
    shown: str


def steps_of(text: str) -> list[Step]:
    found = []
    for block in BLOCK.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            first, *rest = part.splitlines()
            more = [line.removeprefix("> ") for line in rest if line.startswith("> ")]
            found.append(Step("\n".join([first, *more]), "\n".join(rest[len(more) :])))
    return found


STEPS = steps_of(TUTORIAL.read_text(encoding="utf-8"))


def is_as_shown(printed: str, shown: str) -> bool:
    """`…` stands for anything, and any blanks for any others: where a line breaks, the terminal says."""
    literal = re.sub(r"([*?\[])", r"[\1]", shown)
    return fnmatch.fnmatchcase(" ".join(printed.split()), " ".join(literal.replace("…", "*").split()))


@pytest.fixture
def place(tmp_path):
    """A folder with our commands in front of the path, in a narrow terminal; whatever runs there is stopped."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, script in COMMANDS.items():
        (commands / name).write_text(script.format(python=sys.executable))
        (commands / name).chmod(0o700)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VEIL_")}
    environment = {**kept, "COLUMNS": "80", "PATH": f"{commands}:{os.environ['PATH']}", "PYTHONPATH": str(TREE)}
    folder = tmp_path / "empty"
    folder.mkdir()
    yield folder, environment
    subprocess.run([commands / "veil", "down"], cwd=folder, env=environment, check=True, capture_output=True)


@pytest.mark.skipif(not BASH, reason="no bash here")
def test_the_tutorial_does_what_it_says(place):
    folder, environment = place
    script = "".join(
        f"{step.typed}\ncode=$?; echo; echo {AFTER} $code; [ $code = 0 ] || exit 0\n" for step in STEPS
    )
    (folder.parent / "typed").write_text(script)
    done = subprocess.run(
        [BASH, folder.parent / "typed"],
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env=environment,
        text=True,
        capture_output=True,
        timeout=LIMIT_S,
        check=True,
    )
    answers = re.split(rf"^{AFTER} (\d+)$", done.stdout, flags=re.MULTILINE)
    printed, codes = answers[:-1:2], answers[1::2]
    assert [(it.typed, code) for it, code in zip(STEPS, codes, strict=False) if code != "0"] == [], done.stderr
    answered = list(zip(STEPS, printed, strict=True))
    assert [(it, said) for it, said in answered if it.shown and not is_as_shown(said, it.shown)] == []
