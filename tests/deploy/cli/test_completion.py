"""Shells ask the real command what there is, and get it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from deploy.cli.completion import Shell

WRAPPER = """#!{python}
import sys
sys.argv[0] = "veil"
from deploy.cli import main
main()
"""


@pytest.fixture
def shell(tmp_path):
    """Runs a script in a shell whose `veil` is ours; what it prints."""
    command = tmp_path / "veil"
    command.write_text(WRAPPER.format(python=sys.executable))
    command.chmod(0o700)

    def run(name, script):
        place = {
            "PATH": f"{tmp_path}:{os.defpath}",
            "PYTHONPATH": os.pathsep.join(sys.path),
            "HOME": str(tmp_path),
        }
        done = subprocess.run([name, "-c", script], env=place, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return done.stdout

    return run


BEGUN = [
    (["gr"], {"grant"}),
    (["policy", "not"], {"notice"}),
    (["grant", "export", "--f"], {"--format"}),
    (["grant", "export", "--format", "co"], {"conll"}),
]


def there(name):
    return pytest.mark.skipif(shutil.which(name) is None, reason=f"not installed: {name}")


@pytest.mark.parametrize(("words", "expected"), BEGUN)
@there("bash")
def test_bash_completes_commands_options_and_what_they_take(shell, words, expected):
    line = " ".join(f"'{word}'" for word in ["veil", *words])
    asked = (
        f"source <(veil completion bash); COMP_WORDS=({line}); COMP_CWORD={len(words)};"
        ' _veil_completion veil; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    assert set(shell("bash", asked).split()) == expected


@pytest.mark.parametrize(("words", "expected"), BEGUN)
@there("fish")
def test_fish_does_too(shell, words, expected):
    asked = f"veil completion fish | source; complete -C 'veil {' '.join(words)}'"
    assert {line.partition("\t")[0] for line in shell("fish", asked).splitlines()} == expected


@pytest.mark.parametrize(("words", "expected"), BEGUN)
@there("zsh")
def test_so_does_zsh(shell, words, expected):
    """What it hands to the function of zsh that shows it."""
    asked = (
        "compdef() { }; _arguments() { print -r -- $2 $1 }; source <(veil completion zsh);"
        f" words=(veil {' '.join(words)}); CURRENT={len(words) + 1}; _veil_completion"
    )
    assert set(re.findall(r'\("([^"]+)"', shell("zsh", asked))) == expected


@pytest.mark.parametrize("kind", Shell)
def test_a_script_is_the_same_in_json_and_asks_us(shell, kind):
    script = shell("sh", f"veil completion {kind}")
    assert json.loads(shell("sh", f"veil completion {kind} --json")) == {"script": script.rstrip("\n")}
    assert "_VEIL_COMPLETE" in script


@pytest.mark.parametrize(
    "kind",
    [pytest.param(it, marks=there(it)) for it in Shell],
)
def test_a_shell_finds_no_fault_in_the_syntax_of_its_script(shell, kind):
    script = shell("sh", f"veil completion {kind}")
    subprocess.run([kind, "-n"], input=script, text=True, check=True, capture_output=True)
