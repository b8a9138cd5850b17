"""What `veil label quality` says of a project's gold, in words."""

from __future__ import annotations

import io

from rich.console import Console

from deploy.cli.label_quality import _words
from deploy.gold_quality import PolicyQuality
from streams.audit.quality import Counts, Pause, Quality
from topology.policies.model import Gold

COUNTS = Counts(
    records=120, values=400, leaked=2, characters=4_000, leaked_characters=9, questions=500, matched=450
)
NOTHING = Counts()


def words(found: Quality, *policies: PolicyQuality) -> str:
    console = Console(file=io.StringIO(), width=120, color_system=None, markup=False)
    for word in _words("demo", found, list(policies)):
        console.print(word)
    return console.file.getvalue()


def policy(counts: Counts, least: int = 300) -> PolicyQuality:
    gold = Gold(share_permille=50, leak_limit_permille=20, least=least)
    return PolicyQuality("demo@1", "a" * 64, counts, COUNTS, gold)


def test_each_policy_has_its_bound_beside_its_limit_and_who_is_paused_is_named():
    found = Quality({}, {"a" * 64: COUNTS}, 130, (Pause("ann-2", 1_700_000_000_000, 40, 12),))
    text = words(found, policy(COUNTS))
    assert "130 published, 120 scored" in text
    row = next(line for line in text.splitlines() if line.startswith("demo@1"))
    assert row.split() == ["demo@1", "400", "2", "1.57%", "2.0%", "90.0%"]
    assert "too few values" not in text
    assert "ann-2 is paused since 2023-11-14" in text
    assert "12 of 40 right" in text


def test_too_few_values_and_none_are_said_to_be_so():
    found = Quality({}, {"a" * 64: COUNTS}, 130, ())
    assert "too few values yet" in words(found, policy(COUNTS, least=500))
    row = next(line for line in words(found, policy(NOTHING)).splitlines() if line.startswith("demo@1"))
    assert row.split() == ["demo@1", "0", "0", "–", "2.0%", "–"]
    content = policy(NOTHING).as_json()
    assert (content["leak_bound"], content["leak_limit"], content["total"]["values"]) == (None, 0.02, 400)
    assert policy(COUNTS).as_json()["leak_bound"] == COUNTS.bound


def test_a_project_without_gold_says_so():
    assert words(Quality({}, {}, 0, ())).split() == ["Gold", "of", "demo", "0", "published,", "0", "scored"]
