import re
from random import Random

import pytest

from schemas.errors import ConfigError
from streams.redact.training.synthetic.filling import fill
from streams.redact.training.synthetic.pools import Pools
from streams.redact.training.synthetic.slots import SLOTS
from streams.redact.training.synthetic.template import Choice, Slot, load_templates, parse_template


@pytest.fixture
def random() -> Random:
    return Random(11)


@pytest.fixture(scope="module")
def pools() -> Pools:
    return Pools(5, ())


def test_a_template_is_read_into_literals_slots_and_choices():
    template = parse_template("chat\tHi {{FIRST@a}}, [[ok|call {{PHONE_NUMBER}}]]\\n", SLOTS, "here")
    phone = Slot("PHONE_NUMBER", None, None)
    assert template.family == "chat"
    assert template.pieces == ("Hi ", Slot("FIRST", "a", None), ", ", Choice((("ok",), ("call ", phone))), "\n")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("no tab", "a genre, a tab and a text"),
        ("chat\t ", "a genre, a tab and a text"),
        ("chat\t{{NOBODY}}", "no slot is called NOBODY"),
        ("chat\t[[a|{{NOBODY}}]]", "no slot is called NOBODY"),
        ("chat\t{{FIRST", "not closed"),
        ("chat\t{{first}}", "not closed"),
        ("chat\t[[a|b", "not closed"),
        ("chat\t{{FIRST~loud}}", "not closed"),
    ],
)
def test_a_line_that_is_no_template_is_refused_with_its_place(line, complaint):
    with pytest.raises(ConfigError, match=f"x.txt, line 3: .*{complaint}"):
        parse_template(line, SLOTS, "x.txt, line 3")


def test_there_are_templates_of_many_genres_and_none_is_there_twice():
    templates = load_templates(frozenset(SLOTS))
    assert len(templates) >= 1_200
    assert len({template.family for template in templates}) >= 30
    assert len({template.text for template in templates}) == len(templates)


def test_every_slot_is_used_by_a_template():
    used = {
        name for template in load_templates(frozenset(SLOTS)) for name in re.findall(r"\{\{(\w+)", template.text)
    }
    national = {name for name in SLOTS if re.match(r"[A-Z]{2}_", name)}  # reached by NATIONAL_ID too
    assert set(SLOTS) - used <= national


def test_slots_with_the_same_key_are_about_the_same_person(random, pools):
    template = parse_template("mail\t{{FIRST@a}}|{{LAST@a}}|{{LASTFIRST@a}}", SLOTS, "here")
    for _ in range(50):
        given, _, family, _, both = (segment.text for segment in fill(template, pools, random))
        assert both.startswith(f"{family}, {given}")


def test_slots_without_a_key_are_about_anyone(random, pools):
    template = parse_template("mail\t{{FIRST}}|{{FIRST}}", SLOTS, "here")
    pairs = [[segment.text for segment in fill(template, pools, random)][::2] for _ in range(2)]
    assert any(left != right for left, right in pairs)


def test_an_article_before_a_place_is_outside_its_span(random, pools):
    template = parse_template("wiki\t{{REGION}}", SLOTS, "here")
    filled = [fill(template, pools, random) for _ in range(300)]
    articles = [segments for segments in filled if len(segments) == 2]
    assert articles
    assert all(segments[0] == ("the ", None) and not segments[1].text.startswith("the ") for segments in articles)
    assert all(not segments[0].text.startswith("the ") for segments in filled if len(segments) == 1)


def test_styles_change_how_a_value_is_written(random, pools):
    template = parse_template(
        "chat\t{{FULL@a}}|{{FULL@a~lower}}|{{FULL@a~upper}}|{{FULL@a~joined}}", SLOTS, "here"
    )
    name, _, lower, _, upper, _, joined = (segment.text for segment in fill(template, pools, random))
    assert (lower, upper) == (name.lower(), name.upper())
    assert joined == "".join(letter for letter in name if letter.isalnum())
