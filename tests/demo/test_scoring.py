from __future__ import annotations

import dataclasses

import pytest

from deploy.demo.report import Facts, judge
from deploy.demo.scoring import Answered, score
from schemas.records import LabelSpan

A, B, C = (LabelSpan("text", start, start + 3, "PRODUCT") for start in (0, 10, 20))
GOOD = Facts(
    published=10, broken=2, empty=1, records=10, tasks=7, quarantined=2, dropped=1, withdrawn=1, verdicts=6,
    gold_published=2, gold=2, joined=4, seen_tasks=7, seen_quarantined=2, seen_verdicts=6, seen_joined=4,
    reasons_as_expected=True,
    reconciled=True, audit_verified=True, audit_events=9, sealed_events=9,
    canaries_planted=101, canary_hits=0, shown_after_withdrawal=0,
)  # fmt: skip


def test_equal_spans_score_one():
    assert score([(Answered([A, B], "neutral"), Answered([B, A], "neutral"))]).f1 == 1


def test_a_wrong_and_a_missed_span_count_each():
    result = score([(Answered([A, C], "positive"), Answered([A, B], "neutral"))])
    assert (result.right, result.wrong, result.missed) == (1, 1, 1)
    assert result.f1 == pytest.approx(0.5)
    assert result.choice_accuracy == 0


@pytest.mark.parametrize("change", [{"field": "note"}, {"start": 1}, {"end": 4}, {"label": "REQUEST"}])
def test_a_span_that_differs_in_anything_is_wrong(change):
    assert score([(Answered([dataclasses.replace(A, **change)], ""), Answered([A], ""))]).right == 0


def test_nothing_to_find_and_nothing_found_scores_one():
    assert score([]).f1 == 1


def test_a_good_run_has_nothing_to_complain_of():
    assert judge(GOOD) == ()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"reconciled": False}, "add up"),
        ({"audit_verified": False}, "verify"),
        ({"sealed_events": 8}, "8 of 9 events are sealed"),
        ({"canary_hits": 3}, "3 canaries"),
        ({"canaries_planted": 100}, "Only 100"),
        ({"records": 9}, "came of 9"),
        ({"reasons_as_expected": False}, "reasons"),
        ({"shown_after_withdrawal": 1}, "withdrawn task was shown"),
        ({"withdrawn": 2}, "not 2"),
        ({"seen_joined": 3}, "3 joined"),
        ({"gold": 1, "joined": 5, "seen_joined": 5}, "2 gold records were published, but 1"),
        ({"verdicts": 5, "seen_verdicts": 5}, "5 were decided"),
    ],
)
def test_whatever_does_not_hold_is_said_in_a_sentence(change, word):
    sentences = judge(dataclasses.replace(GOOD, **change))
    assert any(word in sentence for sentence in sentences)
    assert all(sentence.endswith(".") for sentence in sentences)
