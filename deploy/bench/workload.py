"""What the bench feeds in: the demo's real texts, as many as asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from itertools import cycle, islice

FIELD = "text"


def texts(count: int) -> Iterator[str]:
    """`count` texts; after the last one the first one again."""
    lines = resources.files("deploy.demo").joinpath("data/texts.jsonl").read_text(encoding="utf-8").splitlines()
    return islice(cycle([str(json.loads(line)[FIELD]) for line in lines]), count)
