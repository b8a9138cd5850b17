"""The connections of `inspector.platform`: it tells what lies where, and can open nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.surroundings import Surroundings, surroundings
from topology.identity import PLATFORM, Identity

INSPECTOR = Identity("inspector", PLATFORM)


@contextmanager
def inspector(root: Path) -> Iterator[Surroundings]:
    """Connect as it, and close in the end. Raises ConfigError where the stack was never started or provisioned."""
    around = surroundings(root, INSPECTOR, PLATFORM)
    try:
        yield around
    finally:
        around.close()
