from __future__ import annotations

import pytest

from schemas.records import Contribution, FieldShape, LabelSpan, Verdict, VerdictStatus
from streams.decide.agreement_report import LEAST, report
from streams.decide.kappa import cohen_kappa, fleiss_kappa

HERE, THERE = LabelSpan("text", 0, 4, "NAME"), LabelSpan("text", 10, 14, "NAME")


def verdict(answers: dict[str, str], spans: dict[str, LabelSpan] | None = None, adjudicator: str = "") -> Verdict:
    marks = spans or {}
    people = tuple(
        Contribution(
            person, f"{person}-1", (marks[person],) if person in marks else (), {"tone": tone} if tone else {}
        )
        for person, tone in answers.items()
    )
    return Verdict(
        "t", 1, "b", "p", "s", VerdictStatus.AGREED, "majority/1", 1.0, (), (), people,
        (FieldShape("text", 40),), 0, adjudicator=adjudicator,
    )  # fmt: skip


def alternating(count: int) -> list[Verdict]:
    """Ann and Bob agree on two of three; Cem always sides with Ann."""
    pattern = [("x", "x", "x"), ("y", "y", "y"), ("x", "y", "x")]
    return [verdict(dict(zip(("ann", "bob", "cem"), pattern[at % 3], strict=True))) for at in range(count)]


def test_coefficients_are_those_of_the_answers_of_all_tasks():
    found = report(alternating(12))
    (tone,) = found.choices
    items = [["x", "x", "x"], ["y", "y", "y"], ["x", "y", "x"]] * 4
    assert (tone.choice, tone.tasks, tone.fleiss_tasks) == ("tone", 12, 12)
    assert tone.fleiss == pytest.approx(fleiss_kappa(items))
    assert tone.alpha is not None
    assert tone.fleiss is not None
    assert tone.alpha > tone.fleiss  # alpha corrects for few answers: Krippendorff 2011, section E


def test_pairs_have_cohens_kappa_of_what_both_have_answered():
    pairs = {(pair.one, pair.other): pair for pair in report(alternating(12)).pairs}
    assert pairs["ann", "cem"].kappa == 1
    wanted = cohen_kappa([("x", "x"), ("y", "y"), ("x", "y")] * 4)
    assert pairs["ann", "bob"].kappa == pytest.approx(wanted)
    assert pairs["bob", "cem"].tasks == 12


def test_over_fewer_tasks_than_ten_no_coefficient_is_given():
    found = report(alternating(LEAST - 1))
    assert (found.choices[0].alpha, found.choices[0].fleiss, found.pairs[0].kappa) == (None, None, None)
    assert found.tasks == LEAST - 1


def test_a_task_whose_choice_one_alone_has_made_counts_for_no_coefficient():
    alone = [verdict({"ann": "x", "bob": ""}) for _ in range(LEAST)]
    (tone,) = report([*alone, *alternating(LEAST - 1)]).choices
    assert (tone.tasks, tone.alpha, tone.fleiss) == (LEAST - 1, None, None)
    (tone,) = report([*alone, *alternating(LEAST)]).choices
    assert (tone.tasks, tone.alpha) == (LEAST, report(alternating(LEAST)).choices[0].alpha)


def test_fleiss_is_over_the_tasks_with_the_usual_number_of_answers():
    odd = verdict({"ann": "x", "bob": "y"})
    found = report([*alternating(12), odd])
    assert (found.choices[0].tasks, found.choices[0].fleiss_tasks) == (13, 12)
    assert found.choices[0].fleiss == report(alternating(12)).choices[0].fleiss


def test_spans_are_measured_where_somebody_marked_one():
    same = verdict({"ann": "", "bob": ""}, {"ann": HERE, "bob": HERE})
    other = verdict({"ann": "", "bob": ""}, {"ann": HERE, "bob": THERE})
    none = verdict({"ann": "", "bob": ""})
    found = report([same] * 5 + [other] * 5 + [none] * 5)
    assert (found.tasks, found.spans.tasks, found.spans.exact_f1) == (15, 10, 0.5)
    assert found.pairs[0].overlap_f1 == 0.5
    assert found.spans.alpha is not None
    assert found.choices == ()


def test_an_adjudicator_and_a_person_alone_agree_with_nobody():
    settled = verdict({"ann": "x", "bob": "y", "zoe": "x"}, adjudicator="zoe")
    found = report([settled, verdict({"ann": "x"})])
    assert found.tasks == 1
    assert [(pair.one, pair.other) for pair in found.pairs] == [("ann", "bob")]
