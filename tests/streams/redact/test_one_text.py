"""The short way gives what the long way gives."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import Reason
from schemas.hidden import RawRecord
from streams.redact import redactor
from streams.redact.detect.find import Find, Searched
from streams.redact.one_text import one_text
from streams.redact.outcome import Dropped
from streams.redact.redactor import redact
from topology.policies import parse_policy

HEAD = "name: p\nversion: 1\nowner: someone\nreview_by: 2027-01-01\n"
PLAIN = parse_policy(HEAD + "fields: {t: detect}\ncategories: {P: pass, M: mask}\n", "p")


class Told:
    version = data_hash = "told"

    def __init__(self, finds) -> None:
        self._finds = finds

    def is_everyday(self, _word: str) -> bool:
        return False

    is_common = is_everyday

    def search(self, texts):
        return [Searched(self._finds, 0.0) for _ in texts]


@st.composite
def cases(draw):
    text = draw(st.text(alphabet="ab A1é-\U0001f600[］］", max_size=30))  # noqa: RUF001 - a disguised bracket
    edges = draw(st.lists(st.integers(0, len(text)), max_size=8))
    if draw(st.booleans()):
        edges.sort()
    kinds = st.sampled_from(["A", "B", "B", "P", "M"])
    pairs = [sorted(pair) for pair in zip(edges[::2], edges[1::2], strict=False)]
    return text, [Find(a, b, draw(kinds), draw(st.sampled_from([0.1, 0.5]))) for a, b in pairs]


@given(cases())
@settings(max_examples=400)
def test_short_and_long_way_give_the_same(case):
    text, finds = case
    short = redact(RawRecord({"t": text}), PLAIN, Told(finds))
    # A field that nobody needs makes it a record for the long way; false is no value that must not be seen.
    long = redact(RawRecord({"t": text, "zz": False}), PLAIN, Told(finds))
    assert short == long


@pytest.mark.parametrize(
    ("fields", "tags", "body"),
    [
        ({"t": "x", "u": "y"}, {}, "fields: {t: detect}"),
        ({"t": "x"}, {"t": frozenset({"PII"})}, "fields: {t: detect}"),
        ({"t": 1}, {}, "fields: {t: detect}"),
        ({"t": "a [X_1] b"}, {}, "fields: {t: detect}"),
        ({"t": "a ［X_1］ b"}, {}, "fields: {t: detect}"),  # noqa: RUF001 - disguised brackets
        ({"t": "x"}, {}, "fields: {t: pass}"),
        ({"t": "x"}, {}, "fields: {t: {action: detect, tier: confidential}}"),
        ({"t": "x"}, {}, "fields: {t: detect}\nsubject: [t]"),
        ({"t": "x"}, {}, "fields: {t: detect}\nconditions: [{when: {near: born}, categories: {A: mask}}]"),
        ({"t": "x" * (1024 * 1024 + 1)}, {}, "fields: {t: detect}"),
        ({"other": "x"}, {}, "fields: {t: detect}"),
        ({"a.note": "x"}, {}, "fields: {a.note: detect}"),
        ({"a[]": "x"}, {}, "fields: {'a[]': detect}"),
        ({"a-b": "x"}, {}, "fields: {a-b: detect}"),
    ],
)
def test_what_asks_for_more_goes_the_long_way(fields, tags, body):
    assert one_text(RawRecord(fields, tags), parse_policy(f"{HEAD}{body}\n", "p")) is None


@pytest.mark.parametrize("key", ["a.note", "a[]", "a[].note"])
def test_a_key_that_is_written_like_a_path_is_not_what_the_path_names(key):
    policy = parse_policy(f"{HEAD}fields: {{'{key}': detect}}\n", "p")
    assert redact(RawRecord({key: "plain"}), policy, Told([])) == Dropped(Reason.NOTHING_LEFT)


def test_the_short_way_is_taken_where_it_can_be(monkeypatch):
    monkeypatch.setattr(redactor, "_plan", None)
    redact(RawRecord({"t": "plain"}), PLAIN, Told([Find(0, 2, "A")]))
