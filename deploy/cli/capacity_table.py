"""What a load takes, as tables for a person."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType

from deploy.capacity.numbers import in_short
from deploy.capacity.reckoning import ROWS, Reckoned
from deploy.cli.output import PlainTable


def as_words(found: Reckoned) -> Iterator[RenderableType]:
    """What it takes, then what is in the way of more, the nearest first."""
    table = PlainTable("", f"{in_short(found.load.records)} records a day")
    for name, told in ROWS.items():
        table.add_row(name, told(found.load, found.needs))
    yield table
    yield ""
    table = PlainTable("what ends first", "of each", "at records a day", "taken")
    for it in found.limits:
        if it.uses > 0:
            table.add_row(it.name, it.of.value, in_short(it.most), f"{it.uses:.0%}")
    yield table
