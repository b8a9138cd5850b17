from __future__ import annotations

from schemas.records import FieldShape
from streams.decide.agreement import agreement
from streams.decide.deciding import Decision
from streams.decide.explaining import SHOWN, explained
from streams.decide.majority import METHOD, majority
from streams.decide.rules import Why
from tests.streams.decide.making import FIELDS, says, span


def of(people, fields=FIELDS, **changes):
    decision = Decision(majority(people), METHOD, Why.AGREED, agreement(people, fields), **changes)
    return explained(decision, people, fields)


def test_a_verdict_says_who_how_with_which_confidence_and_why():
    people = [says("a", span(0, 4), tone="x"), says("b", span(0, 5), tone="x"), says("c", span(9, 12), tone="y")]
    details = of(people)
    assert details["persons"] == "a,b,c"
    assert (details["method"], details["status"], details["why"]) == ("majority/1", "agreed", "agreed")
    assert details["confidence"] == "0.6667"
    assert details["spans"] == "0:0-4 PERSON 2/3 majority median"
    assert details["rejected"] == "0:9-12 PERSON 1/3 outvoted exact"
    assert details["choices"] == "tone=x 2/3 majority"
    assert set(details) >= {"agreement", "agreement_spans", "agreement_choices", "f1_exact", "f1_overlap"}
    assert details["agreement_choices"] == "0.3333"


def test_fields_are_named_by_their_place_since_a_path_can_hold_a_name():
    fields = (FieldShape("text", 40), FieldShape("notes.anna", 40))
    details = of([says("a", span(0, 4, field="notes.anna")), says("b", span(0, 4, field="notes.anna"))], fields)
    assert details["spans"] == "1:0-4 PERSON 2/2 majority exact"
    assert "anna" not in str(details)


def test_what_does_not_apply_is_not_there():
    assert set(of([says("a")])) == {"method", "status", "confidence", "why", "persons"}
    assert of([says("a")], adjudicator="z", snapshot=7).items() >= {"adjudicator": "z", "snapshot": "7"}.items()


def test_an_event_shows_some_spans_and_counts_the_others():
    many = [span(at, at + 1) for at in range(SHOWN + 3)]
    details = of([says("a", *many), says("b", *many)])
    assert details["spans"].count(";") == SHOWN
    assert details["spans"].endswith("; 3 more")
