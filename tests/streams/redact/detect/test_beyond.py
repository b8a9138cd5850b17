"""What a category that may pass takes with it: nothing that it does not cover by itself."""

from __future__ import annotations

import pytest

from schemas.hidden import RawRecord
from streams.redact.detect.detector import build_detector
from streams.redact.detect.find import CERTAIN, DENIED, LIKELY, STRONG, WEAK, Find
from streams.redact.detect.merge import union
from streams.redact.outcome import Redacted
from streams.redact.redactor import redact
from topology.policies import parse_policy


def beyond(*finds: Find) -> tuple[str, ...]:
    (one,) = union(finds)
    return one.beyond


def test_what_the_strongest_covers_is_of_its_type():
    assert beyond(Find(0, 10, "DATE_TIME", STRONG), Find(2, 8, "KE_ID", WEAK)) == ()
    assert beyond(Find(0, 10, "DATE_TIME", STRONG), Find(0, 10, "NUMBER", WEAK)) == ()


def test_what_reaches_beyond_it_is_named_with_all_others():
    date, phone, inside = (
        Find(9, 17, "DATE_TIME", STRONG),
        Find(9, 22, "PHONE_NUMBER", LIKELY),
        Find(10, 12, "KE_ID", WEAK),
    )
    assert beyond(date, phone, inside) == ("KE_ID", "PHONE_NUMBER")


def test_nothing_covers_what_a_policy_denies():
    assert beyond(Find(0, 15, "ORDER", CERTAIN), Find(9, 15, DENIED, CERTAIN)) == (DENIED,)


@pytest.mark.parametrize(
    "later", [Find(20, 30, "ORDER", WEAK), Find(0, 40, "URL", CERTAIN), Find(10, 14, "X", WEAK)]
)
def test_once_made_of_several_it_stays_so(later):
    made = union([Find(9, 17, "DATE_TIME", STRONG), Find(9, 22, "PHONE_NUMBER", LIKELY)])
    assert "PHONE_NUMBER" in beyond(*made, later)


HEAD = "name: p\nversion: 1\nowner: someone\nreview_by: 2030-01-01\n"
PASSING_DATES = "categories: {DATE_TIME: pass}\nfields: {t: detect}\n"
ORDERS = r"""
detection:
  patterns: [{name: orders, category: ORDER, regex: '%s'}]
  deny: [FALCON]
categories: {ORDER: pass}
fields: {t: detect}
"""


def seen(body: str, text: str) -> str:
    policy = parse_policy(HEAD + body, "p")
    outcome = redact(RawRecord({"t": text}), policy, build_detector(policy))
    assert isinstance(outcome, Redacted), outcome
    return str(outcome.record.fields["t"])


@pytest.mark.parametrize(
    ("body", "text", "secret"),
    [
        (PASSING_DATES, "My id is 19840312-1234, please check.", "1234"),
        (PASSING_DATES, "Account 20240312-555-0199 is mine", "0199"),
        (PASSING_DATES, "Tel 12.03.1984-5678 for all", "5678"),
        (PASSING_DATES, "Patient 20240312-04711 was here", "04711"),
        (ORDERS % r"\border [0-9]{4}\b", "order 4711-1111-1111-1111 was paid", "1111"),
        (ORDERS % r"\bORD-[0-9]{4}-[A-Z]+\b", "see ORD-1234-FALCON today", "FALCON"),
    ],
)
def test_a_category_that_may_pass_shows_nothing_of_another(body, text, secret):
    assert secret not in seen(body, text)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (PASSING_DATES, "We met on 12.03.1984 and on 2024-03-12."),
        (PASSING_DATES, "It was 19840312 in the form."),
        (ORDERS % r"\border [0-9]{4}\b", "your order 4711 was sent"),
    ],
)
def test_what_may_pass_is_shown_where_it_stands_alone(body, text):
    assert seen(body, text) == text
