"""Fixtures that every room's tests may ask for, and how the tests share a machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer

from deploy.local.stack import LocalStack
from schemas.errors import ConfigError
from tests.support import lanes
from tests.support.containers import Engine
from tests.support.foreign_vault import VARIABLE, ForeignVault

if TYPE_CHECKING:
    from tests.support.boxes import Boxes

OWN_STACK = ("own_stack", "faults", "demo")
"""Marks of tests that start a local stack for themselves alone, and mostly kill parts of it."""


def pytest_configure(config: pytest.Config) -> None:
    """Hypothesis's limits on an example's time hold on an idle machine only. Ours never is: lanes share the cores,
    and where there are none, whatever else runs. So they are off always.
    """
    settings.register_profile("busy", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("busy")
    if stack_kind() == "containers":
        config.add_cleanup(put_parts_in_containers().end)


@pytest.hookimpl(optionalhook=True)  # asked by pytest-xdist, where tests run in several lanes
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> lanes.Lanes:
    return lanes.Lanes(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    kind = stack_kind()
    for item in items:
        if kind == "external" and any(item.get_closest_marker(mark) for mark in OWN_STACK):
            item.add_marker(pytest.mark.skip("needs a local stack of its own: VEIL_TEST_STACK=local"))
        if kind == "containers" and item.get_closest_marker("processes"):
            item.add_marker(pytest.mark.skip("starts parts as processes by itself: VEIL_TEST_STACK=local"))


@pytest.hookimpl(tryfirst=True)  # before the fixtures that a test asks for
def pytest_runtest_setup(item: pytest.Item) -> None:
    lanes.check(item)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """One stack for the whole session; don't kill its parts.

    `VEIL_TEST_STACK=local` (the default) starts all three parts on a root of its own and ignores the VEIL_*
    endpoints; `containers` does, too, each in a container; `external` uses the endpoints and starts only what they
    leave out. `VEIL_TEST_VAULT` names the program of a
    HashiCorp Vault to start instead of our OpenBao.
    """
    environ = os.environ if stack_kind() == "external" else without_endpoints()
    with ExitStack() as parts:
        if program := os.environ.get(VARIABLE):
            vault = ForeignVault(Path(program), tmp_path_factory.mktemp("vault"))
            environ = {**environ, **parts.enter_context(vault).environ()}
        yield parts.enter_context(LocalStack(tmp_path_factory.mktemp("stack"), environ=environ))


def stack_kind() -> str:
    kind = os.environ.get("VEIL_TEST_STACK", "local")
    if kind not in ("local", "containers", "external"):
        raise ConfigError(f"VEIL_TEST_STACK is {kind!r}; it may be local, containers or external.")
    return kind


def put_parts_in_containers() -> Boxes:
    """Those of every stack that a test starts in this process, its own ones, too."""
    from tests.support.boxes import Boxes  # noqa: PLC0415 - a second for what no other kind of stack needs

    engine = Engine.named()
    if not engine.answers():
        raise pytest.UsageError(
            f"VEIL_TEST_STACK=containers, and no container engine answers ({engine.program}): "
            "deploy/containers/engine COMMAND runs a command with one."
        )
    boxes = Boxes(engine)
    LocalStack.runner = boxes
    return boxes


def without_endpoints() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("VEIL_")}
