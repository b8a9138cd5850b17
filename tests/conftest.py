"""Fixtures that every room's tests may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from deploy.local.stack import LocalStack
from schemas.errors import ConfigError


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """One stack for the whole session; don't kill its parts.

    `VEIL_TEST_STACK=local` (the default) starts all three parts on a root of its own and ignores the VEIL_*
    endpoints; `external` uses those and starts only what they leave out.
    """
    kind = os.environ.get("VEIL_TEST_STACK", "local")
    if kind not in ("local", "external"):
        raise ConfigError(f"VEIL_TEST_STACK is {kind!r}; it may be local or external.")
    environ = os.environ if kind == "external" else without_endpoints()
    with LocalStack(tmp_path_factory.mktemp("stack"), environ=environ) as running:
        yield running


def without_endpoints() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("VEIL_")}
