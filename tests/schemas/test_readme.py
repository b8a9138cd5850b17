from __future__ import annotations

import re
from pathlib import Path

import pytest

from schemas.audit import EventType
from schemas.resources import Kind

ROOM = Path(__file__).parents[2] / "schemas"
README = (ROOM / "README.md").read_text(encoding="utf-8")
TERMS = (
    *(
        "access",
        "bundle",
        "canary",
        "certificate",
        "chain",
        "checkpoint",
        "control",
        "digest",
        "epoch",
        "geometry",
    ),
    *("gold", "head", "joined", "label", "layer", "leaf", "lease", "overlap", "pin", "placeholder", "policy"),
    *(
        "project",
        "quarantine",
        "raw",
        "reconcile",
        "record",
        "resource",
        "revision",
        "sanitized",
        "sealed",
        "segment",
    ),
    *("slot", "span", "subject", "task", "tier", "verdict", "view", "withdraw", "witness"),
)


def rows(heading: str) -> list[list[str]]:
    section = README.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_event_type_is_explained_once_in_the_order_of_the_vocabulary():
    assert [row[0].strip("`") for row in rows("Events")] == [kind.value for kind in EventType]


def test_every_event_has_a_meaning_and_a_kind_of_resource():
    assert [row[0] for row in rows("Events") if not row[1] or row[2].strip("`") not in set(Kind)] == []


def test_glossary_is_sorted_and_explains_every_term_once():
    terms = [row[0] for row in rows("Glossary")]
    assert terms == sorted(set(terms))
    assert all(row[1] for row in rows("Glossary"))


@pytest.mark.parametrize("term", TERMS)
def test_glossary_has_the_terms_of_the_design(term):
    assert any(re.match(rf"{term}\b", row[0]) for row in rows("Glossary"))


def test_every_module_of_the_room_is_in_the_table_of_files():
    named = set(re.findall(r"`([a-z_]+)`", README.partition("## Events")[0]))
    modules = {path.stem for path in ROOM.glob("*.py")} - {"__init__"}
    assert modules - named == set()
