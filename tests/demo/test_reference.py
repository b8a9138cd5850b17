from __future__ import annotations

import pytest

from deploy.demo.canaries import Aviary
from deploy.demo.example import EXAMPLE
from deploy.demo.records import NOTE, build
from deploy.demo.reference import Offline, example_of, raw_record
from deploy.demo.scoring import Answered, score
from deploy.demo.search import CanarySearch
from streams.redact.outcome import Dropped, Redacted
from topology.policies import load_policy

POLICY = load_policy("demo")
AVIARY = Aviary(31)
INPUTS = build(AVIARY, 31)


@pytest.fixture(scope="module")
def offline():
    return Offline.of(POLICY, [*INPUTS, EXAMPLE])


def test_each_input_becomes_a_task_or_is_dropped_as_intended(offline):
    for one, outcome in zip(INPUTS, offline.outcomes, strict=False):
        assert isinstance(outcome, Redacted if one.truth else Dropped), one.name


def test_no_canary_is_left_in_what_annotators_see(offline):
    search = CanarySearch(AVIARY.planted)
    shown = [one.record.fields for one in offline.outcomes if isinstance(one, Redacted)]
    assert not [hit for fields in shown for hit in search.in_bytes("\n".join(fields.values()).encode(), "shown")]


def test_a_robot_without_errors_finds_almost_all_of_the_truth(offline):
    pairs = [
        (answer, Answered(one.truth.spans, one.truth.tone))
        for one, answer in zip(INPUTS, offline.perfect(), strict=False)
        if answer is not None and one.truth is not None
    ]
    result = score(pairs)
    assert len(pairs) == 400
    assert result.f1 > 0.97
    assert result.choice_accuracy > 0.97


def test_labels_that_hold_placeholders_come_back_as_the_raw_text(offline):
    shown = offline.outcomes[-1]
    assert isinstance(shown, Redacted)
    example = example_of(shown, raw_record(EXAMPLE), POLICY.labels, NOTE)
    assert ("DATE_MENTION", "[DATE_TIME_1]", "3 March 2026") in example.labels
    email = "write to me at marisol@vandermeer.example"
    assert ("REQUEST", "write to me at [EMAIL_ADDRESS_1]", email) in example.labels
    assert "customer.address" not in example.shown
