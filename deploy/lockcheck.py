"""Says whether the locks are what `make lock` would make now: `python -m deploy.lockcheck`, part of `make check`.

Exit codes: 0 they are; 1 they are not, with what differs; 2 uv could not resolve them (it says why).
"""

from __future__ import annotations

import difflib
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import ConfigError

ROOT = Path(__file__).parents[1]
COMMON = ("pip", "compile", "--quiet", "--generate-hashes", "--universal", "--no-header")
LINES_SHOWN = 20
STALE, UNRESOLVED = 1, 2


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock and how it is made; the Makefile's target `lock` says the same."""

    file: str
    arguments: tuple[str, ...]


LOCKS = (
    Lock("requirements.lock", ("--python-version", "3.11", "--extra", "dev", "pyproject.toml")),
    Lock("requirements-uv.lock", ("requirements-uv.in",)),
    Lock(
        "deploy/containers/requirements.lock",
        (
            *("--python-version", "3.11", "--constraints", "requirements.lock"),
            *("--excludes", "deploy/containers/without.txt", "pyproject.toml"),
        ),
    ),
    Lock("deploy/containers/sbom.lock", ("--python-version", "3.11", "deploy/containers/sbom.in")),
)


def difference(lock: Lock, root: Path, uv: Path) -> list[str]:
    """What differs, as added and removed lines. The lock itself is the preference: nothing is upgraded.

    Raises ConfigError where uv fails.
    """
    committed = root / lock.file
    with tempfile.TemporaryDirectory(prefix="veil-lock-") as folder:
        made = Path(folder) / Path(lock.file).name
        if committed.exists():
            shutil.copy(committed, made)
        command = [str(uv), *COMMON, *lock.arguments, "-o", str(made)]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ConfigError(f"uv can't resolve {lock.file}: {done.stderr.strip()}")
        return changed_lines(committed.read_text() if committed.exists() else "", made.read_text())


def changed_lines(committed: str, made: str) -> list[str]:
    """Added and removed lines without the hashes, which follow from versions; all lines where only they differ."""
    compared = difflib.unified_diff(committed.splitlines(), made.splitlines(), n=0, lineterm="")
    lines = [line for line in compared if line[:1] in "+-" and not line.startswith(("+++", "---"))]
    return [line for line in lines if "--hash=" not in line] or lines


def main() -> int:
    """Compare every lock, print what differs."""
    uv = Path(sys.executable).with_name("uv")
    stale = False
    for lock in LOCKS:
        try:
            lines = difference(lock, ROOT, uv)
        except (ConfigError, OSError) as error:
            print(error, file=sys.stderr)  # noqa: T201 - a script's output
            return UNRESOLVED
        if lines:
            stale = True
            shown = "\n".join(f"  {line}" for line in lines[:LINES_SHOWN])
            print(f"{lock.file} is stale ({len(lines)} lines differ); run `make lock`:\n{shown}")  # noqa: T201
    if not stale:
        print(f"{', '.join(lock.file for lock in LOCKS)} are up to date")  # noqa: T201
    return STALE if stale else 0


if __name__ == "__main__":
    sys.exit(main())
