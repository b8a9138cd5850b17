"""A bridge's two sides in memory."""

from __future__ import annotations

import pytest

from tests.deploy.bridge.memory import World, make_world


@pytest.fixture
def world() -> World:
    return make_world("a kettle for [PERSON_1]", "😀 the kettle again")
