"""Which tests stay together when several lanes (workers of pytest-xdist) share the suite, as in `make test`.

One lane runs everything that uses the shared stack, so that there is one; the other modules go whole to whichever
lane is free, each with its fixtures; the simulation's tests share nothing and go one by one. What takes minutes
goes first, or one lane would work on it alone at the end.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

TREE = Path(__file__).parents[2]
SHARED_STACK = "what uses the shared stack"
MARK = "pytest.mark.stack"
OWN_STACK = ("pytest.mark.own_stack", "pytest.mark.faults", "pytest.mark.demo")


class Lanes(LoadScopeScheduling):
    """Hands out what takes longest first: the shared stack's unit, then modules that start stacks of their own,
    then the others by their number of tests, and single tests to fill the end.

    A class of our own, since `--dist loadgroup` puts the group into the test's id, and a failing test has to be
    named as it is run again (and with pytest 9.2 xdist 3.8 groups nothing).
    """

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        self.workqueue.move_to_end(max(self.workqueue, key=_takes), last=False)  # of equals the largest
        super()._assign_work_unit(node)


def unit_of(nodeid: str) -> str:
    """The name of what the test is run together with."""
    module = nodeid.partition("::")[0]
    if module.startswith("tests/simulation/"):
        return nodeid
    return SHARED_STACK if _uses_shared_stack(TREE / module) else module


def check(item: pytest.Item) -> None:
    """The scheduler knows names only; what their source says must agree with the marks that tests have.

    Fails the test before its fixtures are made. While tests are collected would be sooner, but what a lane says
    then is lost: the run ends with an internal error of pytest-xdist.
    """
    if item.get_closest_marker("stack") and unit_of(item.nodeid) != SHARED_STACK:
        pytest.fail(f"{item.nodeid} uses the shared stack: spell {MARK} in its module.", pytrace=False)


@cache
def _takes(unit: str) -> int:
    """Which units take longer than others: 2 the longest."""
    if unit == SHARED_STACK:
        return 2
    return int(_marks(TREE / unit.partition("::")[0], *OWN_STACK))


@cache
def _uses_shared_stack(module: Path) -> bool:
    """Whether the module, or the conftest that parametrizes it, marks tests so."""
    return _marks(module, MARK) or _marks(module.with_name("conftest.py"), MARK)


def _marks(source: Path, *marks: str) -> bool:
    return source.is_file() and any(mark in source.read_text() for mark in marks)
