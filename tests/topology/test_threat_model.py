"""The threat model in SECURITY.md leaves nobody out, and names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

from topology.loading import load_topology

TREE = Path(__file__).parents[2]
SECURITY = (TREE / "SECURITY.md").read_text(encoding="utf-8")
TABLE = SECURITY.partition("## Threat model")[2].partition("\n## ")[0]
ROWS = [line.split("|")[1:-1] for line in TABLE.splitlines() if line.startswith("|")][2:]


def test_every_role_has_a_row():
    named = {name for row in ROWS for name in re.findall(r"`([a-z-]+)`", row[0])}
    assert named == set(load_topology().flow.roles)


def test_a_row_says_all_five_things():
    assert [row[0] for row in ROWS if len(row) != 5 or not all(cell.strip() for cell in row)] == []


def test_tests_that_prove_something_exist():
    named = set(re.findall(r"`(tests/[\w./]+)`", SECURITY))
    assert {path for path in named if not (TREE / path).exists()} == set()
