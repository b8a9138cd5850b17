"""Whose memory the demo's figure is."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest

from deploy.demo.measuring import resident_mb

HOLDS_MB = 60
PROGRAM = f"held = bytearray({HOLDS_MB} << 20); print(flush=True); input()"


@pytest.fixture
def child():
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=pipe, stdout=pipe) as running:
        assert running.stdout is not None
        running.stdout.readline()
        yield running
        running.kill()


def test_a_childs_memory_counts_unless_it_was_there_before(child) -> None:
    there = frozenset(psutil.Process().children())
    before = there - {psutil.Process(child.pid)}  # other tests' brokers
    assert resident_mb(before) >= resident_mb(there) + HOLDS_MB
