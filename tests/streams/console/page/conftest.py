"""A real Chromium before the console."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from streams.console.signing_desk import Signing
from tests.streams.console.site import NOWHERE, Site, fill, opened
from tests.support.browser import UnaskingProvider
from tests.support.chromium import Window, chromium, emptied, left, skip_without_browser

__all__ = ["chromium"]
"""A fixture of every page."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skipped by name where there is no browser."""
    skip_without_browser(items, Path(__file__).parent)


@dataclass
class Seat(Window):
    """A person before the console."""

    site: Site

    def open(self, path: str = "/") -> None:
        self.browser.get(self.site.origin + path)
        self.there("#card-actions > *, #view:not([hidden]) > *")

    def sign_in(self, person: str = "iris") -> None:
        """Through the page, as a person does."""
        self.site.provider.next_person = person
        self.open()
        self.click("#card-actions a")
        self.wait("!document.querySelector('#view').hidden", "a view")

    def view(self, name: str) -> None:
        """Open another view by its tab."""
        self.run(f"document.querySelector('#tabs a[href^=\"#{name}\"]').click()")
        self.wait(f"document.querySelector('#tabs a[aria-current]')?.hash.startsWith('#{name}')", name)


@pytest.fixture
def signing() -> Signing:
    """Nobody can sign here; a test may say otherwise."""
    return NOWHERE


@pytest.fixture
def site(signing) -> Iterator[Site]:
    made = opened(provider=UnaskingProvider("iris"), signing=signing)
    fill(made)
    yield made
    made.close()


@pytest.fixture
def seat(chromium, site) -> Iterator[Seat]:
    emptied(chromium, site.origin)
    yield Seat(chromium, site)
    left(chromium, [])
