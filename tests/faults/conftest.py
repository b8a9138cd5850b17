"""A whole installation of its own, under load, to kill things in."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from random import Random

import httpx
import pytest

from deploy.persons import load_declared, sign
from deploy.up import Installation
from tests.conftest import without_endpoints
from tests.faults.load import PROJECT, Load
from tests.faults.proof import Proof
from tests.support.health import asked
from tests.support.pipeline import Pipeline
from topology.policies import load_policy

SEED_VARIABLE = "VEIL_FAULT_SEED"


@pytest.fixture(scope="session")
def seed() -> int:
    """What decides who is killed when; a failing run is replayed with VEIL_FAULT_SEED=<seed>."""
    return int(os.environ.get(SEED_VARIABLE) or secrets.randbelow(2**32))


@pytest.fixture
def random(seed, request) -> Random:
    """The test's own randomness; the seed is printed, and shown where the test fails."""
    print(f"replay with {SEED_VARIABLE}={seed}")  # noqa: T201 - pytest shows it with a failure
    return Random(f"{seed}/{request.node.name}")


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    root = tmp_path_factory.mktemp("faults") / "veil"
    with Installation(root, [PROJECT], redact_processes=2, environ=without_endpoints()) as running:
        sign(root, PROJECT, load_policy("demo"), ["ada", "grace"])
        yield running


@pytest.fixture(scope="module")
def load(installation):
    running = Load(installation)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def proof(installation, load):
    pipeline = Pipeline(installation.root, load_declared(installation.root), PROJECT)
    yield Proof(installation, load, pipeline)
    pipeline.close()


@pytest.fixture(autouse=True)
def last_words(installation):
    """How every process stood when the test ended, shown where it failed."""
    yield
    for address in installation.addresses:
        log = Path(installation.status(address.process).log_file).read_text().splitlines()[-3:]
        print(address.process, condition(address), *log, sep="\n  ")  # noqa: T201 - as above


def condition(address) -> str:
    try:
        return asked(address.health_url).text
    except httpx.HTTPError as error:
        return type(error).__name__
