"""Every action through the whole redactor: what leaves, and how it maps back."""

# ruff: noqa: RUF001 - disguised characters are what is tested

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import ConfigError, Reason
from schemas.geometry import project, reproject
from schemas.geometry_codec import Geometry, decode_geometry, encode_geometry
from schemas.hidden import RawRecord
from schemas.records import RawReference
from streams.redact.detect.find import Find, Searched
from streams.redact.offline import keys_of
from streams.redact.outcome import Redacted, Refused
from streams.redact.redactor import redact, redact_many
from streams.redact.transform.kept_words import FORMS
from streams.redact.transform.telling import drawn_part
from topology.policies import Action, parse_policy

HEAD = "name: p\nversion: 1\nowner: someone\nreview_by: 2027-01-01\n"
KEYS = keys_of(b"k" * 32)
REPLACING = {
    "mask": "mask",
    "placeholder": "placeholder",
    "drop": "drop",
    "surrogate": "surrogate",
    "token": "{action: token, scope: project}",
    "generalize": "{action: generalize, to: year}",
}

LEAVING = [action for action in REPLACING if action != "drop"]


class Marked:
    """Finds what stands in guillemets, of the type that stands before a colon: `«PERSON:Anna»`."""

    version = data_hash = "marked"
    _MARK = re.compile(r"«([A-Z_]+):([^»]*)»")

    def is_everyday(self, word: str) -> bool:
        return word in {"the", "and"}

    is_common = is_everyday

    def search(self, texts):
        found = [[Find(m.start(), m.end(), m[1]) for m in self._MARK.finditer(text) if m[2]] for text in texts]
        return [Searched(finds, 0.0) for finds in found]


class Told:
    """Finds what a test says, in every text."""

    version = data_hash = "told"

    def __init__(self, *finds: Find) -> None:
        self._finds = list(finds)

    def is_everyday(self, word: str) -> bool:
        return word == "dear"

    is_common = is_everyday

    def search(self, texts):
        return [Searched(self._finds, 0.0) for _ in texts]


def policy(body: str):
    return parse_policy(HEAD + body, "p")


def everything(action: str):
    return policy(
        f"fields: {{t: detect, u: detect, a: {{category: A}}}}\ncategories: {{A: {REPLACING[action]}}}\n"
    )


def shown(outcome) -> dict[str, str]:
    assert isinstance(outcome, Redacted), outcome
    return dict(outcome.record.fields)


@pytest.mark.parametrize(
    ("rule", "value", "left"),
    [
        ("{category: X, action: mask}", "Zebulon", r"\*{5}"),
        ("{category: X, action: placeholder}", "Zebulon", r"\[X_1\]"),
        ("{category: X, action: token}", "Zebulon", r"\[X:[0-9a-z]{16}\]"),
        ("{category: DATE_TIME, action: generalize}", "1984-03-12", "1984"),
        ("{category: DATE_TIME, action: generalize}", "yesterday", r"\[DATE_TIME_1\]"),
        ("{category: AGE, action: generalize}", "34", "30-39"),
        ("{category: ZIP_CODE, action: generalize}", "03601", "000"),
        ("{category: LOCATION, action: generalize}", "Los Angeles", "California"),
        ("{category: LOCATION, action: generalize, to: country}", "Los Angeles", "United States"),
        ("{category: INCOME, action: generalize, to: range, step: 10000}", 52340, "50000-59999"),
        ("{category: PERSON, action: surrogate}", "Zebulon Quackenbush", r"[A-Z]\w+ [A-Z]\w+"),
        ("{category: CREDIT_CARD, action: mask, keep: first-6-last-4}", "4485360473893059", r"448536\*{6}3059"),
        ("pass", "Zebulon", "Zebulon"),
    ],
)
def test_each_action_leaves_what_it_says_of_a_field(rule, value, left):
    outcome = redact(RawRecord({"a": value}), policy(f"fields: {{a: {rule}}}\n"), Marked(), KEYS)
    assert re.fullmatch(left, shown(outcome)["a"])


def test_a_dropped_field_leaves_nothing_not_even_its_name():
    outcome = redact(RawRecord({"a": "x", "k": "y"}), policy("fields: {a: drop, k: pass}\n"), Marked(), KEYS)
    assert shown(outcome) == {"k": "y"}


@pytest.mark.parametrize("action", REPLACING)
def test_each_action_replaces_finds_in_free_text(action):
    text = "we saw «A:12 March 1984» and «A:yesterday» again"
    outcome = redact(RawRecord({"t": text}), everything(action), Marked(), KEYS)
    left = shown(outcome)["t"]
    assert left.startswith("we saw ")
    assert left.endswith(" again")
    assert "March" not in left
    assert "yesterday" not in left
    assert ("1984" in left) is (action == "generalize")


def test_placeholders_tokens_and_surrogates_keep_what_they_stand_for_and_others_do_not():
    for action in LEAVING:
        outcome = redact(RawRecord({"a": "1984-03-12"}), everything(action), Marked(), KEYS)
        kept = {shown(outcome)["a"]: "1984-03-12"} if action in {"placeholder", "token", "surrogate"} else {}
        if action == "surrogate":  # an A is no type that we know to make up, but it has digits
            assert re.fullmatch(r"\d{4}-\d\d-\d\d", shown(outcome)["a"])
        assert dict(outcome.values.by_name) == kept


def test_spans_name_the_action_that_was_taken():
    for action in LEAVING:
        outcome = redact(RawRecord({"a": "1984-03-12"}), everything(action), Marked(), KEYS)
        assert [span.action for span in outcome.spans] == [action]
    fallen_back = redact(RawRecord({"a": "soon"}), everything("generalize"), Marked(), KEYS)
    assert [span.action for span in fallen_back.spans] == ["placeholder"]


def test_without_a_key_a_policy_with_tokens_or_surrogates_does_not_work_at_all():
    for action in ("token", "surrogate"):
        with pytest.raises(ConfigError, match="key"):
            redact(RawRecord({"a": "x"}), everything(action), Marked())
    assert shown(redact(RawRecord({"a": "x"}), everything("mask"), Marked())) == {"a": "*****"}


def test_one_subject_has_one_token_in_all_records_and_fields():
    tokens = {
        shown(redact(RawRecord(fields), everything("token"), Marked(), KEYS))[next(iter(fields))]
        for fields in ({"a": "Zebulon"}, {"a": "ZEBULON"}, {"t": "«A:Zebulon»"})
    }
    assert len({token.strip("[]") for token in tokens}) == 2  # the find above holds its marks
    by_field = [
        shown(redact(RawRecord({"a": v}), everything("token"), Marked(), KEYS))["a"] for v in ("Ann", "ann ")
    ]
    assert by_field[0] == by_field[1]


def test_raw_text_that_looks_like_a_token_is_escaped():
    outcome = redact(RawRecord({"t": "see [PERSON:abcdefghjkmnpq07] ok"}), everything("token"), Marked(), KEYS)
    assert shown(outcome)["t"] == "see (PERSON:abcdefghjkmnpq07) ok"


def test_a_surrogate_is_no_other_real_value_of_the_record():
    ages = {f"f{age}": str(age) for age in range(18, 90)}
    fields = "".join(f"  {name}: {{category: AGE, action: surrogate}}\n" for name in ages)
    outcome = redact(RawRecord(ages), policy(f"fields:\n{fields}"), Marked(), KEYS)
    assert not set(shown(outcome).values()) & set(ages.values())


def test_finds_that_overlap_become_one_as_strict_as_the_strictest():
    strict = policy("fields: {t: detect, a: {category: A}}\ncategories: {A: mask, B: {action: token}}\n")
    outcome = redact(
        RawRecord({"a": "Zebulon", "t": "dear Zebulonski!"}),
        strict,
        Told(Find(5, 12, "B"), Find(9, 15, "B")),
        KEYS,
    )
    assert shown(outcome)["t"] == "dear *****!"
    [span] = [span for span in outcome.spans if span.field == "t"]
    assert (span.start, span.end) == (5, 15)


kinds = st.sampled_from(["A", "B", "C", "D", "E", "F"])
TEXT = st.text(alphabet="ab 1é[]_:\U0001f600שＡ", max_size=40)
MIXED = policy(
    "fields: {t: detect, u: detect}\ncategories:\n  A: placeholder\n  B: mask\n  C: drop\n  D: {action: token}\n"
    "  E: surrogate\n  F: {action: generalize, to: year}\n"
)


@st.composite
def records_and_finds(draw):
    text = draw(TEXT)
    edges = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    finds = [Find(a, b, draw(kinds)) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    return text, finds


@given(records_and_finds())
@settings(max_examples=300, deadline=None)  # loading Faker takes a while
def test_spans_rebuild_both_sides_and_snap_to_whole_raw_spans(case):
    text, finds = case
    outcome = redact(RawRecord({"t": text}), MIXED, Told(*finds), KEYS)
    if not isinstance(outcome, Redacted):
        assert outcome == Refused(Reason.VERIFICATION_FAILED)
        return
    [geometry] = outcome.geometry
    left = outcome.record.fields["t"]
    raw_at = redacted_at = 0
    for span in geometry.spans:
        assert text[raw_at : span.start] == left[redacted_at : span.redacted_start]
        assert left[span.redacted_start : span.redacted_end] == span.replacement
        there = project(geometry, span.start, span.end)
        assert (there.start, there.end) == (span.redacted_start, span.redacted_end)
        for start in range(span.redacted_start, span.redacted_end):
            for end in range(start + 1, span.redacted_end + 1):
                back = reproject(geometry, start, end)
                assert (back.start, back.end) == (span.start, span.end)
        raw_at, redacted_at = span.end, span.redacted_end
    assert text[raw_at:] == left[redacted_at:]
    whole = Geometry(RawReference("raw.p", 0, 0), outcome.geometry)
    assert decode_geometry(encode_geometry(whole)) == whole


@given(records_and_finds())
@settings(max_examples=200, deadline=None)
def test_every_found_character_lies_in_a_span_and_no_original_survives(case):
    text, finds = case
    outcome = redact(RawRecord({"t": text}), MIXED, Told(*finds), KEYS)
    if not isinstance(outcome, Redacted):
        return
    covered = {index for span in outcome.spans for index in range(span.start, span.end)}
    assert covered >= {index for find in finds for index in range(find.start, find.end)}
    for span in outcome.spans:
        if span.action not in {"generalize", "escape"}:
            assert span.replacement != text[span.start : span.end]


@given(records_and_finds(), records_and_finds())
@settings(max_examples=100, deadline=None)
def test_same_record_bundle_and_key_give_the_same_bytes_alone_or_in_a_batch(one, other):
    text, finds = one
    records = [RawRecord({"t": other[0]}), RawRecord({"t": text}), RawRecord({"u": text})]
    alone = redact(RawRecord({"t": text}), MIXED, Told(*finds), KEYS)

    class Two(Told):
        def search(self, texts):
            return [Searched(finds if item == text else other[1], 0.0) for item in texts]

    batched = redact_many(records, MIXED, Two(), KEYS)[1]
    if other[0] != text:
        assert as_bytes(batched) == as_bytes(alone)


_MADE_UP = (
    "PERSON USERNAME UNUSUAL EMAIL_ADDRESS PHONE_NUMBER CREDIT_CARD IBAN_CODE DATE_TIME DATE_OF_BIRTH AGE LOCATION"
    " ADDRESS ORGANIZATION TITLE URL DOMAIN_NAME IP_ADDRESS MAC_ADDRESS US_SSN NUMBER YEAR"
)
MADE_UP = _MADE_UP.split()
ALL_SURROGATES = policy(
    f"fields: {{t: detect, n: {{category: PERSON, action: surrogate}}, m: {{category: ADDRESS, action: mask}}}}\n"
    f"default_action: surrogate\ncategories: {{{', '.join(f'{kind}: surrogate' for kind in MADE_UP)}}}\n"
)
_VALUES = (
    "Zorbin Anna STONE Quackenbush Zoë van 李小龍 Group Street Inc April 3, 2019 12 May 1984 1984-05-12 08:15 45"
    " years old 271 4485360473893059 +49 171 2345678 555-0142 anna@stone.org zorbin.example https://stone.org/271?a=Anna"
    " 192.168.1.171 2001:db8::171 DE89370400440532013000 [PERSON_9] ＡＮＮＡ nurse"
)
VALUES = st.lists(st.sampled_from(_VALUES.split()), min_size=1, max_size=4).map(" ".join)
TELLING = re.compile(r"[^\W\d_]{3,}|\d{3,}")


def telling(text: str) -> set[str]:
    return {word for word in TELLING.findall(text.casefold()) if word.strip("0")}


@given(st.sampled_from(MADE_UP), VALUES, VALUES, VALUES, st.binary(min_size=32, max_size=32))
@settings(max_examples=200, deadline=None)  # loading Faker takes a while
def test_no_word_or_number_of_a_value_survives_in_a_surrogate_of_its_record(kind, value, name, address, key):
    record = RawRecord({"t": f"so {value} it is", "n": name, "m": address})
    outcome = redact(record, ALL_SURROGATES, Told(Find(3, 3 + len(value), kind)), keys_of(key))
    assert isinstance(outcome, Redacted), "what is drawn stands verification"
    for span in outcome.spans:
        if span.action == "surrogate":
            made = telling(drawn_part(span.replacement)) - FORMS
            assert made.isdisjoint(telling(record.fields[span.field][span.start : span.end]))
            assert not {word for word in made & telling(f"{name} {address}") if len(word) > 4}


def as_bytes(outcome) -> str:
    if not isinstance(outcome, Redacted):
        return repr(outcome)
    return json.dumps([dict(outcome.record.fields), outcome.spans, dict(outcome.values.by_name)])


def test_another_key_gives_other_tokens_and_surrogates_and_the_same_of_all_else():
    record = RawRecord({"a": "12 March 1984"})
    for action in LEAVING:
        one, two = (
            shown(redact(record, everything(action), Marked(), keys_of(key * 32)))["a"] for key in (b"k", b"l")
        )
        assert (one != two) is (action in {"token", "surrogate"})


@pytest.mark.parametrize("action", [action for action in Action if action.value in REPLACING])
def test_overlapping_own_values_and_finds_are_hidden_under_every_action(action):
    rules = policy(
        f"fields: {{t: detect, n: {{category: PERSON, action: mask}}}}\ndefault_action: placeholder\n"
        f"categories: {{X: {REPLACING[action.value]}}}\n"
    )
    outcome = redact(
        RawRecord({"n": "Quackenbush", "t": "see Quackenbush1984 now"}), rules, Told(Find(4, 19, "X")), KEYS
    )
    assert "uackenbush" not in shown(outcome)["t"].lower()
