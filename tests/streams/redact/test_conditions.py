from __future__ import annotations

import re

import pytest

from schemas.hidden import RawRecord
from streams.redact.detect.find import Find, Searched
from streams.redact.redactor import redact
from topology.policies import parse_policy

HEAD = "name: p\nversion: 1\nowner: someone\nreview_by: 2027-01-01\n"
BASE = (
    "fields: {t: detect, u: detect, lang: pass, d: {category: DATE, action: placeholder}}\n"
    "categories: {DATE: pass}\n"
)
CONTEXT = "context: {language: lang, source: meta.system, purpose: meta.purpose}\n"


class FindsYears:
    version = data_hash = "years"

    def is_everyday(self, _word: str) -> bool:
        return True

    is_common = is_everyday

    def search(self, texts):
        return [
            Searched([Find(m.start(), m.end(), "DATE") for m in re.finditer("1984", text)], 0.0) for text in texts
        ]


def left(when: str, fields: dict[str, object], treatment: str = "mask", base: str = BASE) -> dict[str, str]:
    rule = f"conditions: [{{when: {when}, categories: {{DATE: {treatment}}}}}]\n"
    outcome = redact(RawRecord(fields), parse_policy(HEAD + base + CONTEXT + rule, "p"), FindsYears())
    return dict(outcome.record.fields)


@pytest.mark.parametrize(
    ("when", "fields", "holds"),
    [
        ("{near: born}", {"t": "born in 1984"}, True),
        ("{near: [birth, born]}", {"t": "1984, when she was BORN"}, True),
        ("{near: geboren}", {"t": "géboren 1984"}, True),
        ("{near: born}", {"t": "reborn in 1984"}, False),
        ("{near: born}", {"t": "born" + " x" * 40 + " 1984"}, False),
        ("{field: t}", {"t": "in 1984"}, True),
        ("{field: u}", {"t": "in 1984"}, False),
        ("{language: de}", {"t": "in 1984", "lang": "de"}, True),
        ("{language: [fr, de]}", {"t": "in 1984", "lang": "de"}, True),
        ("{language: de}", {"t": "in 1984", "lang": "en"}, False),
        ("{language: en}", {"t": "in 1984"}, True),
        ("{source: crm}", {"t": "in 1984", "meta": {"system": "crm"}}, True),
        ("{source: crm}", {"t": "in 1984", "meta": {"system": "web"}}, False),
        ("{source: crm}", {"t": "in 1984"}, False),
        ("{purpose: research}", {"t": "in 1984", "meta": {"purpose": "research"}}, True),
        ("{purpose: research, near: born}", {"t": "in 1984", "meta": {"purpose": "research"}}, False),
    ],
)
def test_a_condition_holds_where_all_that_it_names_holds(when, fields, holds):
    assert ("1984" not in left(when, fields)["t"]) is holds


def test_of_several_conditions_the_strictest_wins():
    rules = (
        "conditions:\n  - {when: {field: t}, categories: {DATE: {action: generalize, to: decade}}}\n"
        "  - {when: {near: born}, categories: {DATE: placeholder}}\n"
    )
    policy = parse_policy(HEAD + BASE + rules, "p")
    texts = {
        text: redact(RawRecord({"t": text}), policy, FindsYears()).record.fields["t"]
        for text in ("1984", "born 1984")
    }
    assert texts == {"1984": "1980s", "born 1984": "born [DATE_1]"}


def test_a_condition_only_raises():
    base = BASE.replace("DATE: pass", "DATE: mask")
    assert left("{field: t}", {"t": "in 1984"}, "{action: generalize, to: decade}", base)["t"] == "in *****"


def test_a_condition_reaches_fields_with_a_category_too():
    assert left("{purpose: research}", {"d": "1984", "meta": {"purpose": "research"}}) == {"d": "*****"}
