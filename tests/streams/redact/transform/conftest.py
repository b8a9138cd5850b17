from __future__ import annotations

import pytest

from streams.redact.offline import keys_of
from streams.redact.transform.surrogate import Real, Surrogates
from topology.policies import Action, Treatment


@pytest.fixture
def made():
    """The surrogate of a value in a record that holds `real`; each call is a record of its own."""

    def make(value: str, kind: str, *real: str, key: bytes = b"k" * 32, language: str = "en") -> str | None:
        keys = keys_of(key).of_record("d", [("t", value)])
        surrogates = Surrogates(keys, language, lambda: Real([value, *real]))
        return surrogates.replace(value, kind, Treatment(Action.SURROGATE))

    return make
