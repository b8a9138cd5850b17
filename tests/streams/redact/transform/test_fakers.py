"""What surrogates are drawn from is the same in each process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

DRAWN = """
from streams.redact.transform.dice import Dice
print([Dice(number, 1, "it").fake().city() for number in range(20)])
"""


def drawn(order: str) -> str:
    """What a process draws in which Python's sets are in this order."""
    around = {**os.environ, "PYTHONHASHSEED": order}
    return subprocess.run(
        [sys.executable, "-c", DRAWN], env=around, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("order", ["2", "3"])
def test_a_seed_draws_the_same_whatever_order_sets_are_in(order: str) -> None:
    assert drawn("1") == drawn(order)
