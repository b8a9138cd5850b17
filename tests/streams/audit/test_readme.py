from __future__ import annotations

import re
from pathlib import Path

from streams.audit.findings import FindingKind

ROOM = Path(__file__).parents[3] / "streams" / "audit"
README = (ROOM / "README.md").read_text(encoding="utf-8")


def test_every_kind_of_finding_is_explained_in_order():
    section = README.partition("## Findings")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \| \S", section, re.MULTILINE) == [kind.value for kind in FindingKind]


def test_every_module_of_the_room_is_named():
    named = set(re.findall(r"`([a-z_]+)`", README))
    assert {path.stem for path in ROOM.glob("*.py")} - {"__init__"} - named == set()
