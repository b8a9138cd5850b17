from __future__ import annotations

from random import Random

import pytest

from deploy.demo.canaries import Aviary
from deploy.demo.notes import TEMPLATES, a_date, fill
from deploy.demo.phrases import LEXICON, PRODUCTS
from deploy.demo.publishing import broken_records, payload_of
from deploy.demo.records import NOTE, build
from deploy.demo.reference import flat, raw_record
from deploy.demo.report import MIN_CANARIES
from deploy.demo.truth import tone_of, truth_of_text
from schemas.records import LabelSpan
from vault.raw import Media

AVIARY = Aviary(21)
INPUTS = build(AVIARY, 21)
VALUES = {
    "name": "Zora Quell",
    "email": "zora@quell.example",
    "phone": "+44 7700 900001",
    "iban": "GB33 BUKB 2020 1555 5555 55",
    "address": "1 Long Lane, Bath",
    "birth_date": "1/2/1980",
    "lower": "zora quell",
    "product": "desk lamp",
    "date": "3 March 2026",
}


def test_the_same_seed_builds_the_same_input():
    again = build(Aviary(21), 21)
    assert [(one.name, one.fields, one.truth) for one in again] == [
        (one.name, one.fields, one.truth) for one in INPUTS
    ]


def test_every_kind_of_input_is_there_with_enough_canaries():
    by_media = {media: sum(one.media is media for one in INPUTS) for media in Media}
    assert by_media[Media.TEXT] == 250
    assert by_media[Media.AVRO] == 75
    assert by_media[Media.JSON] >= 75
    assert len(AVIARY.planted) > MIN_CANARIES
    assert len({one.name for one in INPUTS}) == len(INPUTS)


def test_each_canary_is_planted_in_the_input():
    everything = "\n".join(text for one in INPUTS for text in flat(one.fields).values())
    assert all(canary.value in everything for canary in AVIARY.planted)


def test_every_true_span_lies_inside_its_raw_field():
    for one in INPUTS:
        texts = flat(one.fields)
        for span in one.truth.spans if one.truth else ():
            assert 0 <= span.start < span.end <= len(texts[span.field])


def test_what_is_published_reads_back_as_the_record_with_its_tags():
    for one in INPUTS:
        record = raw_record(one)
        assert flat(record.fields) == flat(one.fields)
        assert bool(record.tags) == (one.media is Media.AVRO)


def test_broken_records_hold_a_canary_each_and_have_reasons_of_their_own():
    aviary = Aviary(22)
    broken = broken_records(aviary)
    assert len({bad.reason for bad in broken}) == len(broken)
    for bad in broken:
        assert any(canary.value.encode() in bad.payload for canary in aviary.planted)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda it: it.text[:24])
def test_the_labels_of_a_template_are_those_its_words_have(template):
    """A robot finds phrases by the lexicon, so a template may neither hold more of them nor fewer."""
    note, spans = fill(template, NOTE, VALUES)
    contacts = {"[EMAIL_ADDRESS_1]": VALUES["email"], "[PHONE_NUMBER_1]": VALUES["phone"]}
    found = set(truth_of_text(NOTE, note).spans)
    for phrase, label in LEXICON.phrases.items():
        for placeholder, value in contacts.items():
            start = note.lower().find(phrase.replace(placeholder.lower(), placeholder).replace(placeholder, value))
            if placeholder in phrase and start >= 0:
                end = start + len(phrase) - len(placeholder) + len(value)
                found.add(LabelSpan(NOTE, start, end, label))
    assert spans == found
    assert tone_of(note) == template.tone


def test_a_filled_template_has_its_labels_where_its_text_is():
    note, spans = fill(TEMPLATES[0], NOTE, VALUES)
    assert {(note[it.start : it.end], it.label) for it in spans} == {
        ("desk lamp", "PRODUCT"),
        ("arrived broken", "COMPLAINT"),
        ("3 March 2026", "DATE_MENTION"),
        ("Could you", "REQUEST"),
    }


def test_dates_are_recognized_as_such_and_not_taken_for_phrases():
    for seed in range(30):
        day = a_date(Random(seed))
        text = f"It came on {day}, they say."
        assert truth_of_text("text", text).spans == {LabelSpan("text", 11, 11 + len(day), "DATE_MENTION")}


def test_products_are_phrases_of_the_lexicon():
    assert {LEXICON.phrases[product] for product in PRODUCTS} == {"PRODUCT"}


def test_the_tone_of_a_text_is_that_of_its_words():
    assert tone_of("I am very unhappy") == "negative"
    assert tone_of("Thank you!") == "positive"
    assert tone_of("The number is new") == "neutral"


def test_a_payload_is_never_empty():
    assert all(payload_of(one) for one in INPUTS)
