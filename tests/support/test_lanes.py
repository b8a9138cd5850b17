"""How the tests share a machine: what is said of it reaches whoever runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

from tests.support import lanes

MISPLACED = "from pytest import mark\n\npytestmark = mark.stack\n\ndef test_it(stack): raise AssertionError\n"


def ended(module: Path, *options: str) -> str:
    """What pytest says of `module`, with the hooks of our own tests."""
    call = [sys.executable, "-m", "pytest", "-c", lanes.TREE / "pyproject.toml", "-p", "tests.conftest"]
    outer = ("PYTEST_", "COV_")
    around = {name: value for name, value in os.environ.items() if not name.startswith(outer)}
    return subprocess.run(
        [*call, "-p", "no:cacheprovider", *options, module],
        cwd=lanes.TREE, env=around, capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip


def test_whoever_would_start_a_second_stack_in_a_lane_is_told_before_it_starts(tmp_path: Path) -> None:
    module = tmp_path / "test_misplaced.py"
    module.write_text(MISPLACED)
    said = ended(module, "--numprocesses", "1")
    assert f"uses the shared stack: spell {lanes.MARK} in its module" in said
    assert "1 error" in said
    assert "INTERNALERROR" not in said


def test_no_example_fails_for_being_slow_on_a_busy_machine() -> None:
    assert settings().deadline is None
    assert HealthCheck.too_slow in settings().suppress_health_check
