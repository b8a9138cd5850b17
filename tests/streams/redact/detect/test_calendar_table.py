from __future__ import annotations

from importlib import resources

import pytest

from streams.redact.detect import calendar_table


@pytest.mark.parametrize("name", ["months", "short_months", "weekdays"])
def test_the_lists_are_what_cldr_gives(name):
    kept = resources.files("streams.redact.detect").joinpath("data", "calendar", f"{name}.txt").read_text("utf-8")
    assert kept.split() == getattr(calendar_table, name)()
