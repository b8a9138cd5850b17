"""The images of the parts, built once a session."""

from __future__ import annotations

import pytest

from tests.support.boxes import PREFIX, run_build
from tests.support.containers import NO_BASE, Engine

PARTS = ("kafka", "vault", "registry")


@pytest.fixture(scope="session")
def images(engine: Engine) -> dict[str, str]:
    """Their names, by part."""
    done = run_build()
    if done.returncode == NO_BASE:
        pytest.skip(f"no base to build on: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr[-2000:]
    return {part: f"{PREFIX}-{part}" for part in PARTS}
