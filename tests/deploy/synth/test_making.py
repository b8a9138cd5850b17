"""Synthetic records are what their truth says they are, whatever is drawn."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.synth.making import Made, Maker
from deploy.synth.values import BY_CHANCE, BY_FAKER, fakers
from schemas.errors import ConfigError
from schemas.records import RawReference
from streams.redact.detect.detector import build_detector
from streams.redact.outcome import Redacted
from streams.redact.parse import parse
from streams.redact.redactor import redact_many
from topology.gold_document import load_gold_source, parse_gold_source
from topology.gold_source import PLAIN, SENSITIVE, faults
from topology.policies import load_policy
from vault.raw import Media

DEMO = load_gold_source("demo")


def made(text: str, seed: int = 1, **words: str) -> Made:
    listed = ", ".join(f"{name}: [{word}]" for name, word in words.items())
    source = f"locales: [en_US]\nwords: {{{listed}}}\ntemplates: [{{text: '{text}', choices: {{tone: sad}}}}]"
    return Maker(parse_gold_source(source, "p.yaml"), seed).make()


def covered(one: Made) -> dict[int, str]:
    """The words of each entity, as they stand in the text."""
    found: dict[int, str] = {}
    for word in one.values:
        found[word.entity] = (
            f"{found.get(word.entity, '')} {one.fields[word.field][word.start : word.end]}".strip()
        )
    return found


def test_labels_and_values_stand_where_the_truth_says():
    one = made(
        "🙂 {person} wants <PRODUCT:the {thing}> of <PERSONS:{person2}>, not of {person}.", thing="desk lamp"
    )
    text = one.fields["text"]
    first, second, again = covered(one).values()
    assert first == again != second
    assert [(it.label, text[it.start : it.end]) for it in one.spans] == [
        ("PRODUCT", "the desk lamp"),
        ("PERSONS", second),
    ]
    assert text == f"🙂 {first} wants the desk lamp of {second}, not of {first}."
    assert one.choices == {"tone": "sad"}


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        ("lower", str.lower),
        ("upper", str.upper),
        ("first", lambda it: it.split()[0]),
        ("last", lambda it: it.split()[-1]),
    ],
)
def test_a_value_in_another_form_is_the_same_value(form, wanted):
    one = made(f"{{person}}; {{person.{form}}}")
    full, _, other = one.fields["text"].partition("; ")
    assert other == wanted(full)
    assert list(covered(one).values()) == [full, other]


def test_the_words_of_an_address_are_one_value_without_what_stands_between_them():
    one = made("to {address}.")
    text = one.fields["text"]
    assert len({it.entity for it in one.values}) == 1
    between = set(text) - set("".join(text[it.start : it.end] for it in one.values))
    assert len(one.values) > 3
    assert all(text[it.start : it.end].isalnum() for it in one.values)
    assert "," in between


def test_the_same_seed_makes_the_same_records_and_another_one_others():
    def texts(seed: int) -> list[dict]:
        maker = Maker(DEMO, seed)
        return [dict(maker.make().fields) for _ in range(5)]

    assert texts(1) == texts(1) != texts(2)


@given(st.integers(0, 2**32))
def test_every_word_of_the_truth_lies_in_its_record_in_order_and_apart(seed):
    one = Maker(DEMO, seed).make()
    for path, text in one.fields.items():
        edges = [edge for it in one.values if it.field == path for edge in (it.start, it.end)]
        assert edges == sorted(set(edges))
        assert not edges or (edges[0] >= 0 and edges[-1] <= len(text))
    for span in one.spans:
        assert one.fields[span.field][span.start : span.end].strip()
    assert one.truth(RawReference("raw.demo", 0, 1)).values == one.values


def test_fields_are_published_nested_and_a_text_as_it_is():
    maker = Maker(DEMO, 4)
    shapes = {one.media: one for one in (maker.make() for _ in range(40))}
    customer = json.loads(shapes[Media.JSON].payload)
    assert set(customer) == {"customer", "product"}
    assert customer["customer"]["note"] == shapes[Media.JSON].fields["customer.note"]
    assert shapes[Media.TEXT].payload.decode() == shapes[Media.TEXT].fields["text"]


def test_a_record_prints_as_nothing():
    one = made("{person}")
    assert one.fields["text"] not in f"{one!r} {one}"


def test_nothing_in_a_record_marks_it_as_made_up():
    text = " ".join(" ".join(Maker(DEMO, seed).make().fields.values()) for seed in range(20)).lower()
    assert not [word for word in ("example", "synthetic", "gold", "faker", "test") if f"{word}." in text]


def test_every_slot_there_is_can_be_filled_in_every_country_of_the_demo():
    assert {*BY_FAKER, *BY_CHANCE} == {*SENSITIVE, *PLAIN}
    for fake in fakers(DEMO.locales).values():
        assert all(fill(fake).strip() for fill in BY_FAKER.values())


def test_a_country_that_faker_does_not_have_is_named():
    with pytest.raises(ConfigError, match="xx_XX"):
        fakers(("xx_XX",))


def test_the_demos_templates_fit_its_policy_and_the_redactor_hides_nearly_all_of_them():
    """Nothing of it goes to quarantine, where it would measure nothing."""
    policy = load_policy("demo")
    assert list(faults(DEMO, policy)) == []
    maker = Maker(DEMO, 1)
    records = [maker.make() for _ in range(200)]
    parsed = [parse(one.payload, one.media.value, None) for one in records]
    outcomes = redact_many(parsed, policy, build_detector(policy))
    assert {type(it) for it in outcomes} == {Redacted}
