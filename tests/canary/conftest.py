"""The project `aviary` on the shared stack, every stage as a process of its own, so that it leaves what processes
leave: logs, temporary files, metrics.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from random import SystemRandom

import pytest

from deploy.local.ports import is_free
from deploy.starting import Starter
from deploy.supervise.files import make_private_folder
from deploy.supervise.supervisor import Supervisor
from deploy.traces.setting import read_traces
from deploy.up.addresses import assign, candidates
from deploy.up.processes import slots_of, spec_of
from tests.support.collector import collecting
from tests.support.pipeline import applied

PROJECTS = Path(__file__).parent / "projects"


@pytest.fixture(scope="module")
def pipeline(stack):
    folder = make_private_folder(stack.root / "projects")  # where processes look for a user's own projects
    made = applied(stack, PROJECTS, folder).pipeline("aviary")
    yield made
    made.close()


@pytest.fixture(scope="module")
def collector():
    """Where every process sends all its traces."""
    with collecting() as made:
        yield made


@pytest.fixture(scope="module")
def addresses(stack, pipeline, collector):
    """The stages, running, by role."""
    found = assign(slots_of([pipeline.project], 1), {}, candidates(SystemRandom()), is_free)
    traces = read_traces({"VEIL_TRACES": collector.url, "VEIL_TRACES_RATIO": "1"})
    starter = Starter(stack.root, stack.endpoints, pipeline.topology)
    supervisor = Supervisor(
        stack.root,
        [spec_of(stack.root, address, starter, traces) for address in found],
        state_file=f"canary-{secrets.token_hex(4)}.json",
    )
    supervisor.start()
    yield {address.role: address for address in found}
    supervisor.stop()
    starter.stop()
