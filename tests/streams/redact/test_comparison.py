from __future__ import annotations

from schemas.hidden import RawRecord
from streams.redact.comparison import Comparison, Turn, compare
from streams.redact.detect.find import Searched
from streams.redact.redactor import redact_many
from tests.simulation.world import CanaryDetector
from topology.policies import Policy, parse_policy

HEAD = "name: p\nversion: 1\nowner: someone\nreview_by: 2030-01-01\n"
RECORDS = [
    RawRecord({"text": "please help canary1 today", "notes": [{"body": "canary2 called"}], "city": "Bonn"}),
    RawRecord({"text": "nothing here", "city": "Bonn"}),
]
BASE = "fields: {text: detect, 'notes[].body': detect, city: pass}\n"


def policy(body: str) -> Policy:
    return parse_policy(HEAD + body, "p.yaml")


def between(old: str, new: str, records=RECORDS) -> Comparison:
    detector = CanaryDetector()
    return compare(*(redact_many(records, policy(body), detector) for body in (old, new)))


def rows(compared: Comparison) -> list[tuple]:
    return [(row.turn, row.field, row.category, row.count, row.examples) for row in compared.rows]


def test_the_same_policy_changes_nothing():
    assert between(BASE, BASE) == Comparison(2, 0, (), ())


def test_what_is_shown_now_is_counted_by_field_and_category_with_examples():
    compared = between(BASE, BASE + "categories: {PERSON: pass}\n")
    assert rows(compared) == [
        (Turn.SHOWN, "notes[].body", "PERSON", 1, ("canary2",)),
        (Turn.SHOWN, "text", "PERSON", 1, ("canary1",)),
    ]
    assert (compared.records, compared.changed, compared.shows_more) == (2, 1, True)


def test_what_is_hidden_now_is_no_leak():
    compared = between(BASE + "categories: {PERSON: pass}\n", BASE)
    assert {row.turn for row in compared.rows} == {Turn.HIDDEN}
    assert not compared.shows_more


def test_a_find_that_is_hidden_otherwise_is_told_apart():
    compared = between(BASE, BASE + "categories: {PERSON: mask}\n")
    assert rows(compared)[0] == (
        Turn.OTHERWISE, "notes[].body", "PERSON placeholder → PERSON mask", 1, ("canary2",)
    )  # fmt: skip


def test_a_field_that_comes_or_goes_is_told_whole():
    without = "fields: {text: detect, 'notes[].body': detect}\n"
    assert rows(between(BASE, without)) == [(Turn.HIDDEN, "city", "(whole field)", 2, ("Bonn",))]
    assert rows(between(without, BASE)) == [(Turn.SHOWN, "city", "(whole field)", 2, ("Bonn",))]


def test_a_field_that_comes_hidden_shows_nothing_more():
    without = "fields: {text: detect, 'notes[].body': detect}\n"
    hidden = "fields: {text: detect, 'notes[].body': detect, city: {category: CITY, action: mask}}\n"
    assert not between(without, hidden).shows_more


def test_outcomes_that_change_are_counted():
    compared = between(BASE, "fields: {other: pass}\n")
    assert compared.outcomes == (("task", "dropped", 2),)
    assert compared.changed == 2


def test_two_spans_instead_of_one_differ_in_nothing_but_the_space_between():
    class Joined(CanaryDetector):
        def search(self, texts):
            found = [one.finds for one in super().search(texts)]
            return [Searched([them[0]._replace(end=them[-1].end)] if them else [], 0.0) for them in found]

    records = [RawRecord({"text": "canary1 canary2"})]
    only = policy("fields: {text: detect}\n")
    compared = compare(redact_many(records, only, Joined()), redact_many(records, only, CanaryDetector()))
    assert not compared.shows_more


def test_a_long_example_is_cut_and_no_example_is_printed_by_accident():
    records = [RawRecord({"text": "x", "city": "long " * 30})]
    compared = between("fields: {text: detect}\n", "fields: {text: detect, city: pass}\n", records)
    assert len(compared.rows[0].examples[0]) <= 40
    assert "long" not in repr(compared)
