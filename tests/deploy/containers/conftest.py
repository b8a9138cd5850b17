"""An engine, if one answers, and the image, built once a session."""

from __future__ import annotations

import pytest

from tests.support.containers import Engine, built


@pytest.fixture(scope="session")
def engine() -> Engine:
    found = Engine.named()
    if not found.answers():
        pytest.skip(
            f"no container engine answers ({found.program}): deploy/containers/engine starts one for tests"
        )
    return found


@pytest.fixture(scope="session")
def image(engine: Engine) -> str:
    return built("veilstream-tested")
