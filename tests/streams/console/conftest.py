from __future__ import annotations

import pytest

from tests.streams.console.site import opened


@pytest.fixture
def console():
    made = opened()
    yield made
    made.close()


@pytest.fixture
def console_with():
    made = []

    def make(**more):
        made.append(opened(**more))
        return made[-1]

    yield make
    for one in made:
        one.close()
