# ruff: noqa: RUF001 - disguised characters are what is tested

from __future__ import annotations

import re
import unicodedata
from itertools import islice, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import Reason
from schemas.errors import Refused as RefusedError
from schemas.geometry import Span, project, reproject
from schemas.hidden import RawRecord
from streams.redact.bundle import bundle_of, code_version
from streams.redact.detect.find import Find, Searched
from streams.redact.detect.own_values import MAX_VALUES, KnownValue
from streams.redact.outcome import Dropped, Redacted, Refused
from streams.redact.redactor import redact, redact_many
from streams.redact.transform.mask import MASK
from streams.redact.verify import Shown, holds
from topology.policies import Action, FieldRule, Treatment, parse_policy

HEAD = "name: p\nversion: 1\nowner: someone\nreview_by: 2030-01-01\n"
SCRIPTS = "abc XYZ 019.@-[]_()/:'\"\néüße\u0301שלוםЖизнь漢\U0001f600\U0001f469\u200d\u200b"
texts = st.text(
    alphabet=st.one_of(st.sampled_from(SCRIPTS), st.characters(exclude_categories=["Cs"])), max_size=120
)
WORDS = "Anna please call +49 171 2345678 a@b.org [PERSON_1] the Will 4485360473893059 john . Zsófia ［EMAIL_1］"
MARKED = ["שלום", "\U0001f600", "e\u0301", "1990-05-12", "Baker"]
sentences = st.lists(st.one_of(st.sampled_from(WORDS.split() + MARKED), texts), max_size=12).map(" ".join)


class Scripted:
    """Finds given words: what the redactor does with finds is tested apart from what finds them."""

    version = "scripted"
    data_hash = "0"

    def __init__(self, **kinds: str) -> None:
        self._kinds = kinds

    def is_everyday(self, word: str) -> bool:
        return word in {"the", "and", "will"}

    is_common = is_everyday

    def search(self, texts):
        return [Searched(self._one(text), 0.0) for text in texts]

    def _one(self, text):
        places = [(text.find(word), word, kind) for word, kind in self._kinds.items()]
        return [Find(start, start + len(word), kind) for start, word, kind in sorted(places) if start >= 0]


def policy(body: str):
    return parse_policy(HEAD + body, "p")


TWO = policy(
    "fields: {a: {category: PERSON}, m: {category: PERSON, action: mask}, t: detect, u: detect, k: pass}\n"
)


def shown(outcome) -> dict[str, str]:
    assert isinstance(outcome, Redacted)
    return dict(outcome.record.fields)


def test_each_action_does_what_it_says():
    record = RawRecord({"a": "Anna", "m": "Bo", "t": "fine", "k": "loan", "x": "secret"})
    assert shown(redact(record, TWO, Scripted())) == {"a": "[PERSON_1]", "m": MASK, "t": "fine", "k": "loan"}


def test_masks_have_one_width_whatever_they_hide():
    widths = {len(shown(redact(RawRecord({"m": "x" * n}), TWO, Scripted()))["m"]) for n in (1, 5, 50)}
    assert widths == {len(MASK)}


def test_numbers_bools_and_null_are_their_json_text():
    outcome = redact(RawRecord({"k": True, "a": 12.5, "t": None}), TWO, Scripted())
    assert shown(outcome) == {"k": "true", "a": "[PERSON_1]", "t": "null"}
    assert dict(outcome.sources.by_name) == {"k": "true", "a": "12.5", "t": "null"}


def test_same_value_has_the_same_number_in_all_fields():
    outcome = redact(
        RawRecord({"t": "Ann met BOB", "u": "bob met Ann"}),
        TWO,
        Scripted(Ann="PERSON", BOB="PERSON", bob="PERSON"),
    )
    assert shown(outcome) == {"t": "[PERSON_1] met [PERSON_2]", "u": "[PERSON_2] met [PERSON_1]"}
    assert dict(outcome.values.by_name) == {"[PERSON_1]": "Ann", "[PERSON_2]": "BOB"}


def test_value_of_a_field_is_hidden_in_free_text_under_its_number():
    outcome = redact(RawRecord({"a": "Anna Stone", "t": "ask anna stone or STONE"}), TWO, Scripted())
    assert shown(outcome)["t"] == "ask [PERSON_1] or [PERSON_2]"


def test_value_that_nobody_named_is_hidden_in_free_text():
    record = RawRecord({"t": "ask xyzzy", "other": {"deep": ["xyzzy"]}})
    assert shown(redact(record, TWO, Scripted())) == {"t": "ask [DENIED_1]"}


@pytest.mark.parametrize("coded", ["TG9uZyBXb29k", "Long%20Wood", "Long&nbsp;Wood"])
def test_what_a_coded_value_says_is_hidden_in_the_free_text(coded):
    rules = policy("fields: {name: {category: PERSON}, t: detect}\n")
    outcome = redact(RawRecord({"name": coded, "t": "ask long wood"}), rules, Scripted())
    assert isinstance(outcome, Redacted)
    assert outcome.record.fields["t"] == "ask [PERSON_2]"


def test_denied_names_appear_nowhere():
    record = RawRecord({"t": "fine", "Anna Stone": {"t": "x"}, "t.t": "y", "": 1})
    outcome = redact(record, TWO, Scripted())
    assert shown(outcome) == {"t": "fine"}
    assert "Stone" not in repr(outcome)


def test_lists_and_nested_fields_are_named_by_generic_path():
    nested = policy("fields: {'n[].t': detect, 'c.e': {category: EMAIL_ADDRESS}}\n")
    record = RawRecord({"n": [{"t": "one"}, {"t": "two", "x": 1}], "c": {"e": "a@b.org"}})
    assert shown(redact(record, nested, Scripted())) == {
        "n[0].t": "one",
        "n[1].t": "two",
        "c.e": "[EMAIL_ADDRESS_1]",
    }


def test_what_looks_like_a_placeholder_is_escaped():
    outcome = redact(RawRecord({"t": "it says [PERSON_1] and ［DATE_2］ [x]"}), TWO, Scripted())
    assert shown(outcome)["t"] == "it says (PERSON_1) and (DATE_2) [x]"
    assert {span.action for span in outcome.spans} == {"escape"}


def test_dropping_cannot_forge_a_placeholder():
    dropping = policy("categories: {X: drop}\nfields: {t: detect}\n")
    outcome = redact(RawRecord({"t": "[PER!!SON_1]"}), dropping, Scripted(**{"!!": "X"}))
    assert outcome == Refused(Reason.VERIFICATION_FAILED)


def test_category_that_may_pass_is_shown_unless_the_record_marks_it():
    passing = policy(
        "categories: {DATE_TIME: pass}\nfields: {t: detect, d: {category: DATE_TIME, action: mask}}\n"
    )
    record = RawRecord({"t": "on 12 May or 2 June", "d": "2 June"})
    detector = Scripted(**{"12 May": "DATE_TIME", "2 June": "DATE_TIME"})
    assert shown(redact(record, passing, detector))["t"] == "on 12 May or [DATE_TIME_1]"


def test_record_of_which_nothing_is_left_is_dropped():
    assert redact(RawRecord({"x": "y"}), TWO, Scripted()) == Dropped(Reason.NOTHING_LEFT)
    assert redact(RawRecord({}), TWO, Scripted()) == Dropped(Reason.NOTHING_LEFT)


TAGGED = policy(
    "fields: {k: pass, t: detect}\nignored_tags: [TEAM]\n"
    "tags: {PII: {category: PERSON}, SECRET: {category: PERSON, action: mask}, NOTE: detect}\n"
)


@pytest.mark.parametrize(
    ("field", "tags", "text"),
    [
        ("k", set(), "plain"),
        ("k", {"TEAM"}, "plain"),
        ("k", {"PII"}, "[PERSON_1]"),
        ("k", {"PII", "SECRET"}, MASK),
        ("k", {"NEVER_HEARD_OF"}, "[SENSITIVE_1]"),
        ("t", {"NOTE"}, "plain"),
        ("t", {"SECRET"}, MASK),
        ("z", {"PII"}, "[PERSON_1]"),
        ("z", {"NEVER_HEARD_OF"}, None),
        ("z", {"TEAM"}, None),
    ],
)
def test_tags_raise_and_never_lower(field, tags, text):
    record = RawRecord({field: "plain"}, {field: frozenset(tags)})
    outcome = redact(record, TAGGED, Scripted())
    assert outcome == Dropped(Reason.NOTHING_LEFT) if text is None else shown(outcome) == {field: text}


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        ("pass", "see Zeb"),
        ("detect", "see [PERSON_1]"),
        ("{category: DATE_TIME, action: generalize}", "[DATE_TIME_1]"),
    ],
)
def test_the_tier_of_a_tag_raises_the_field_and_what_is_found_in_it(rule, left):
    tiers = policy(
        f"fields: {{t: {rule}}}\ntags: {{INNER: {{tier: confidential}}, TOP: {{tier: restricted}}}}\n"
        "categories: {PERSON: {action: generalize, to: region}}\nignored_tags: [NONE]\n"
    )

    def shown_with(tag: str) -> str:
        return shown(redact(RawRecord({"t": "see Zeb"}, {"t": frozenset({tag})}), tiers, Scripted(Zeb="PERSON")))[
            "t"
        ]

    assert shown_with("INNER") == (left if rule != "pass" else "see [PERSON_1]")
    assert shown_with("TOP") == MASK


def test_a_tag_that_generalizes_to_an_unlike_target_leaves_a_placeholder():
    unlike = policy(
        "fields: {born: {category: DATE_OF_BIRTH, action: generalize, to: year-to-89}}\n"
        "tags: {SCORE: {category: NUMBER, action: generalize, to: range, step: 2}}\n"
    )
    record = RawRecord({"born": "1925"}, {"born": frozenset({"SCORE"})})
    assert re.fullmatch(r"\[[A-Z_]+_1\]", shown(redact(record, unlike, Scripted()))["born"])


def test_tag_of_an_enclosing_record_raises_what_is_in_it_and_names_nothing():
    inside = policy("fields: {c.k: pass}\ntags: {PII: {category: PERSON}}\n")
    record = RawRecord({"c": {"k": "plain", "other": "x"}}, {"c": frozenset({"PII"})})
    assert shown(redact(record, inside, Scripted())) == {"c.k": "[PERSON_1]"}


def nest(depth: int) -> object:
    value: object = "x"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"t": "x" * (1024 * 1024 + 1)}, Reason.TOO_LARGE),
        ({"t": "x", "many": [1] * 20_001}, Reason.TOO_LARGE),
        ({"t": "x", "deep": nest(5_000)}, Reason.TOO_DEEP),
        ({"t": b"bytes"}, Reason.UNDECODABLE),
    ],
)
def test_record_beyond_limits_is_refused_with_its_reason(fields, reason):
    assert redact(RawRecord(fields), TWO, Scripted()) == Refused(reason)


class Failing(Scripted):
    def search(self, texts):
        if any("bad" in text for text in texts):
            raise RefusedError(Reason.DETECTION_FAILED)
        return super().search(texts)


def test_one_record_that_cannot_be_searched_does_not_take_the_batch_with_it():
    records = [RawRecord({"t": "good"}), RawRecord({"t": "bad"}), RawRecord({"x": 1})]
    one, two, three = redact_many(records, TWO, Failing())
    assert isinstance(one, Redacted)
    assert two == Refused(Reason.DETECTION_FAILED)
    assert three == Dropped(Reason.NOTHING_LEFT)


def words(count: int) -> list[str]:
    return ["".join(letters) + "zorb" for letters in islice(product("qwrtpsdfghk", repeat=3), count)]


def test_a_free_text_beside_more_values_than_are_looked_for_is_refused():
    record = RawRecord({"t": "zorbin came", "many": [*words(MAX_VALUES), "zorbin"]})
    assert redact(record, TWO, Scripted()) == Refused(Reason.TOO_LARGE)
    assert redact(RawRecord({"t": "x", "a": "zorbin", "many": words(MAX_VALUES)}), TWO, Scripted()) == Refused(
        Reason.TOO_LARGE
    )


def test_a_value_that_comes_often_counts_once_and_keeps_none_from_being_looked_for():
    many = [*["same again"] * 2 * MAX_VALUES, *words(MAX_VALUES - 2), "zorbin"]
    assert shown(redact(RawRecord({"t": "zorbin came", "many": many}), TWO, Scripted())) == {
        "t": "[DENIED_1] came"
    }


def test_a_table_without_a_free_text_is_shown_and_all_its_named_values_are_verified():
    table = policy("fields: {'rows[].who': {category: PERSON}, k: pass}\n")
    rows = [{"who": word} for word in (*words(2 * MAX_VALUES), "zorbin")]
    assert len(shown(redact(RawRecord({"rows": rows, "k": "loan"}), table, Scripted()))) == 2 * MAX_VALUES + 2
    assert redact(RawRecord({"rows": rows, "k": "for Zorbin"}), table, Scripted()) == Refused(
        Reason.VERIFICATION_FAILED
    )


def test_subjects_are_given_whether_shown_or_not():
    subject = policy("fields: {t: detect}\nsubject: [c.id]\n")
    outcome = redact(RawRecord({"t": "x", "c": {"id": 7781}}), subject, Scripted())
    assert dict(outcome.subjects.by_name) == {"c.id": "7781"}


def test_nothing_prints_a_value():
    outcome = redact(RawRecord({"a": "Anna Stone", "t": "x"}), TWO, Scripted())
    assert "Stone" not in f"{outcome!r} {outcome}"


DETECT = FieldRule("t", Treatment(Action.DETECT))


@pytest.mark.parametrize(
    ("rule", "text", "safe"),
    [
        (DETECT, "nothing here", True),
        (DETECT, "ask Stone", False),
        (DETECT, "ask st\u200bone", False),
        (DETECT, "the and will", True),
        (DETECT, "me@x.org", False),
        (DETECT, "4485 3604 7389 3059", False),
        (DETECT, "4485 3604 7389 3058", False),
        (DETECT, "DE89370400440532013000", False),
        (DETECT, "[PERSON_9]", False),
        (FieldRule("k", Treatment(Action.PASS)), "ask Stone", True),
        (FieldRule("k", Treatment(Action.PASS)), "Will Stone", False),
        (FieldRule("k", Treatment(Action.PASS)), "me@x.org", False),
        (FieldRule("k", Treatment(Action.PASS), "EMAIL_ADDRESS"), "me@x.org", True),
    ],
)
def test_verification_sees_what_is_left(rule, text, safe):
    known = [KnownValue("Will Stone", "PERSON")]
    assert holds([Shown(rule, text, ())], known, TWO, Scripted().is_everyday) is safe


def test_verification_looks_between_replacements_not_across_them():
    span = Span("t", 0, 4, 2, 7, "X", MASK, "mask")
    assert holds(
        [Shown(DETECT, "St*****one", (span,))], [KnownValue("Stone", "PERSON")], TWO, Scripted().is_everyday
    )


@given(sentence=sentences)
@settings(max_examples=150, deadline=None)  # the first text may compile the detector
def test_no_original_of_a_found_span_survives(sentence, text_policy, detector):
    outcome = redact(RawRecord({"text": sentence}), text_policy, detector)
    if not isinstance(outcome, Redacted):
        assert outcome.reason is Reason.VERIFICATION_FAILED
        return
    sanitized, position, rest = outcome.record.fields["text"], 0, []
    for span in outcome.spans:
        rest.append(sanitized[position : span.redacted_start])
        position = span.redacted_end
    left = unicodedata.normalize("NFKC", "\n".join([*rest, sanitized[position:]]))
    left_words = set(re.findall(r"[A-Za-z0-9]+", left))
    [finds] = [one.finds for one in detector.search([sentence])]
    for find in finds:
        raw = sentence[find.start : find.end]
        if raw.isascii() and raw.isalnum():
            assert raw not in left_words


@given(sentence=sentences, other=sentences)
@settings(max_examples=150, deadline=None)  # the first text may compile the detector
def test_spans_rebuild_both_sides_exactly(sentence, other, text_policy, detector):
    outcome = redact(RawRecord({"text": sentence, "name": other}), text_policy, detector)
    if not isinstance(outcome, Redacted):
        return
    sanitized = outcome.record.fields["text"]
    [geometry] = outcome.geometry
    assert (geometry.raw_length, geometry.redacted_length) == (len(sentence), len(sanitized))
    raw_at = redacted_at = 0
    for span in geometry.spans:
        assert sentence[raw_at : span.start] == sanitized[redacted_at : span.redacted_start]
        assert sanitized[span.redacted_start : span.redacted_end] == span.replacement
        back = reproject(geometry, span.redacted_start, span.redacted_end)
        assert (back.start, back.end, back.snapped) == (span.start, span.end, False)
        there = project(geometry, span.start, span.end)
        assert (there.start, there.end) == (span.redacted_start, span.redacted_end)
        raw_at, redacted_at = span.end, span.redacted_end
    assert sentence[raw_at:] == sanitized[redacted_at:]


@given(sentence=sentences)
@settings(max_examples=50, deadline=None)
def test_same_record_and_bundle_give_the_same_bytes(sentence, text_policy, detector):
    first = redact(RawRecord({"text": sentence}), text_policy, detector)
    [_, again] = redact_many([RawRecord({"text": "other"}), RawRecord({"text": sentence})], text_policy, detector)
    assert type(first) is type(again)
    if isinstance(first, Redacted):
        assert shown(first) == shown(again)
        assert first.spans == again.spans


def test_bundle_names_policy_detector_data_and_code(text_policy, demo_policy, detector):
    assert bundle_of(text_policy, detector) == bundle_of(text_policy, detector)
    assert bundle_of(text_policy, detector) != bundle_of(demo_policy, detector)
    assert bundle_of(text_policy, Scripted()) != bundle_of(text_policy, detector)
    assert len(code_version()) == 64


CANARIES = {
    "name": "Zebulon Quackenbush",
    "email": "zeb.quackenbush@canary.example",
    "phone": "+1 202 555 0143",
    "iban": "DE89370400440532013000",
    "birth_date": "1971-11-23",
    "address": "17 Tumbledown Lane, Oxbridge",
}


def test_canaries_of_a_customer_appear_nowhere_whole_or_in_words(demo_policy, detector):
    note = (
        "Zebulon called; QUACKENBUSH wants a new card. Send it to 17 Tumbledown Lane (Oxbridge) or"
        " zeb.quackenbush@canary.example, phone 2025550143, iban DE89 3704 0044 0532 0130 00, born 23/11/1971."
    )
    record = RawRecord(
        {"customer": CANARIES | {"note": note}, "zebulon": 1, "text": f"hi {CANARIES['name'].lower()}"}
    )
    outcome = redact(record, demo_policy, detector)
    output = " ".join([*outcome.record.fields.values(), *outcome.record.fields, repr(outcome)]).lower()
    for value in CANARIES.values():
        for part in [value, *value.replace("@", " ").replace(".", " ").replace("-", " ").split()]:
            if len(part) >= 4 and part != "example":
                assert part.lower() not in output
