from __future__ import annotations

import pytest

from schemas.errors import ConfigError
from topology.gold_document import load_gold_source, parse_gold_source
from topology.gold_source import Form, Group, Piece, Shape, faults, parse_text
from topology.policies import load_policy, parse_policy

HEAD = "locales: [en_US]\n"


def test_a_text_is_taken_apart_into_words_slots_and_labels():
    assert parse_text("I am {person2.lower}, <REQUEST:call {phone}>!") == (
        Group("", (Piece("I am "), Piece("", "person", 2, Form.LOWER), Piece(", "))),
        Group("REQUEST", (Piece("call "), Piece("", "phone"))),
        Group("", (Piece("!"),)),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<A:x <B:y>>", "can't stand in each other"),
        ("<A:x", "is not closed"),
        ("x>", "each begins as"),
        ("{person.title}", "no form .title"),
        ("{Person}", "stand for slots and labels only"),
        ("a < b", "stand for slots and labels only"),
        ("{person", "stand for slots and labels only"),
        ("{person1}", "stand for slots and labels only"),
    ],
)
def test_a_text_that_is_no_template_says_what_is_allowed(text, message):
    with pytest.raises(ValueError, match=message):
        parse_text(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("templates: []\n", "templates"),
        ("templates: [{text: hi}]\nmore: 1\n", "allowed here: locales, words, fields, templates"),
        ("templates: [{text: 'I am {nobody}'}]\n", "no slot nobody; there are address"),
        ("templates: [{text: hi, fields: {a: hi}}]\n", "either `text`"),
        ("templates: [{choices: {a: b}}]\n", "either `text`"),
        ("templates: [{fields: {a: '<X:'}}]\n", "templates.0.fields.a: <X: is not closed"),
        ("templates: [{fields: {a: x, a.b: y}}]\n", "a can't be a text and have fields of its own"),
        ("templates: [{fields: {'a[]': x}}]\n", "templates.0.fields"),
        ("words: {person: [x]}\ntemplates: [{text: hi}]\n", "person are slots with a meaning of their own"),
        ("words: {thing: []}\ntemplates: [{text: hi}]\n", "at least one"),
    ],
)
def test_a_wrong_file_names_file_place_and_what_is_allowed(text, message):
    with pytest.raises(ConfigError, match=r"^p\.yaml") as caught:
        parse_gold_source(HEAD + text, "p.yaml")
    assert message in str(caught.value)


def test_the_fields_of_all_records_are_in_each_one_but_a_text():
    source = parse_gold_source(
        HEAD + "fields: {a: '{person}'}\ntemplates: [{fields: {b: hi}}, {text: ho}]\n", "p.yaml"
    )
    assert [(one.shape, set(one.fields)) for one in source.templates] == [
        (Shape.JSON, {"a", "b"}),
        (Shape.TEXT, {"text"}),
    ]


def test_a_folder_of_ones_own_comes_before_what_is_packaged(tmp_path):
    (tmp_path / "gold").mkdir()
    (tmp_path / "gold" / "demo.yaml").write_text(HEAD + "templates: [{text: mine}]\n")
    assert len(load_gold_source("demo", [tmp_path]).templates) == 1
    assert len(load_gold_source("demo").templates) > 5
    with pytest.raises(ConfigError, match=r"no gold templates; write them to .*gold/other\.yaml"):
        load_gold_source("other", [tmp_path])


POLICY = """
name: p
version: 1
owner: someone
review_by: 2036-12-31
fields: {text: detect, open: pass}
labels: {spans: [REQUEST], choices: {tone: [good, bad]}}
"""


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{text: hi, choices: {tone: good}}", None),
        ("{text: '<NAME:hi>', choices: {tone: good}}", "p@1 has no label NAME; it has REQUEST"),
        ("{text: hi}", "choices: p@1 asks for tone; answer each of them"),
        ("{text: hi, choices: {tone: good, mood: x}}", "asks for tone"),
        ("{text: hi, choices: {tone: sad}}", "choices.tone: must be one of good, bad"),
        ("{fields: {other: hi}, choices: {tone: bad}}", "no rule for the field other, so nobody would see it"),
        ("{fields: {open: '{person}'}, choices: {tone: bad}}", "shows open as it is"),
    ],
)
def test_what_nobody_could_see_or_answer_is_said_before_anything_is_published(template, message):
    source = parse_gold_source(HEAD + f"templates: [{template}]\n", "p.yaml")
    found = list(faults(source, parse_policy(POLICY, "p")))
    assert found == [] if message is None else message in found[0]


def test_the_packaged_templates_fit_the_packaged_policy():
    assert list(faults(load_gold_source("demo"), load_policy("demo"))) == []
