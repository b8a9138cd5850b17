from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Reason, Unparseable
from schemas.routing import HIGHEST, MAX_SKILLS, NAME_PATTERN, ROUTINE, Routing, parse, routing

names = st.from_regex(NAME_PATTERN, fullmatch=True)


@given(st.integers(0, HIGHEST), st.just("") | names, st.lists(names, max_size=MAX_SKILLS))
def test_a_routing_and_its_text_say_the_same(priority, batch, skills):
    made = routing(priority, batch, skills)
    assert parse(str(made)) == made
    assert made.skills == tuple(sorted(set(skills)))


def test_what_says_nothing_is_in_the_middle():
    assert (str(ROUTINE), parse("5;;")) == ("5;;", ROUTINE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5;",
        "10;;",
        "-1;;",
        "5;Week;",
        "5;week 48;",
        "5;;de,",
        "5;;medical,de",
        "5;;de,de",
        "5;;Ada Lovelace",
        "5;" + "x" * 41 + ";",
        "5;;" + ",".join(f"s{number}" for number in range(MAX_SKILLS + 1)),
        "\N{ARABIC-INDIC DIGIT FIVE};;",
        "5;;de\n",
        "5;;\n",
    ],
)
def test_anything_else_is_refused_without_quoting_it(text):
    with pytest.raises(Unparseable) as caught:
        parse(text)
    assert caught.value.reason is Reason.BAD_ROUTING
    assert "Ada" not in str(caught.value)


@pytest.mark.parametrize("wrong", [(10, "", ()), (-1, "", ()), (5, "Ada Lovelace", ()), (5, "", ("a b",))])
def test_a_routing_out_of_bounds_is_not_made(wrong):
    with pytest.raises(Unparseable) as caught:
        routing(*wrong)
    assert caught.value.reason is Reason.BAD_ROUTING
    assert "Ada" not in str(caught.value)


def test_routings_are_values():
    assert routing(7, "b", ["de"]) == Routing(7, "b", ("de",))
