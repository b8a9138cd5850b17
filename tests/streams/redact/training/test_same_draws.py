"""What is drawn from Faker's lists for training is the same in each process."""

from __future__ import annotations

import os
import subprocess
import sys

DRAWN = """
from hashlib import sha256
from streams.redact.training import refill
from streams.redact.training.synthetic import places, words

listed = [words.localities(*one) for one in (*places._CITIES, *places._REGIONS)]
print(*(sha256(repr(one).encode()).hexdigest() for one in (listed, refill.pools([], 1))))
"""


def drawn(order: str) -> list[str]:
    """Digests of the lists and of what was drawn, where Python's sets are in this order."""
    call = [sys.executable, "-c", DRAWN]
    around = {**os.environ, "PYTHONHASHSEED": order}
    return subprocess.run(call, env=around, capture_output=True, text=True, check=True).stdout.split()


def test_a_seed_draws_the_same_whatever_order_sets_are_in() -> None:
    first, second = drawn("1"), drawn("2")
    assert len(first) == 2
    assert first == second
