from __future__ import annotations

import pytest

from streams.redact.detect.detector import build_detector
from topology.policies import load_policy


@pytest.fixture(scope="session")
def text_policy():
    return load_policy("text")


@pytest.fixture(scope="session")
def demo_policy():
    return load_policy("demo")


@pytest.fixture(scope="session")
def detector(text_policy):
    return build_detector(text_policy)


@pytest.fixture
def find(detector):
    """What is found in one text: (text, type) in order."""

    def search(text: str) -> list[tuple[str, str]]:
        [finds] = [one.finds for one in detector.search([text])]
        return [(text[find.start : find.end], find.entity_type) for find in finds]

    return search


@pytest.fixture
def hides(find):
    """Whether all of `secret` is inside finds of `text`."""

    def check(text: str, secret: str) -> bool:
        left = text
        for found, _ in find(text):
            left = left.replace(found, "\n" * len(found), 1)
        return secret not in left

    return check
