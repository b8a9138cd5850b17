from __future__ import annotations

import pytest

from streams.redact.detect.compiled import END_BITS, compile_rules, scan, without_lookarounds
from streams.redact.detect.find import LIKELY
from streams.redact.detect.forms import load_forms
from streams.redact.detect.recognizers import Recognizer, form, load_recognizers


@pytest.mark.parametrize(
    ("pattern", "wider"),
    [
        (r"(?<!\d)\d{3}(?!\d)", r"\d{3}"),
        (r"\b(?!1\d{12}(?!\d))(4\d{3})", r"\b(4\d{3})"),
        (r"(?<![A-Z)(])x", "x"),
        (r"a(?:b|c)", r"a(?:b|c)"),
    ],
)
def test_lookarounds_are_taken_out_whole(pattern, wider):
    assert without_lookarounds(pattern) == wider


def test_all_of_our_patterns_and_presidios_know_where_they_start():
    _, rules = compile_rules((*load_recognizers(), *load_forms()))
    unknown = {rule.recognizer.name for rule in rules if rule.whole and not rule.recognizer.behind}
    assert unknown == set()


def test_hits_are_sorted_by_rule_then_start_then_end():
    databases, _ = compile_rules([form("b", "B", r"\bb+\b", LIKELY), form("a", "A", r"\ba\b", LIKELY)])
    mask = (1 << END_BITS) - 1
    hits = [(hit >> 2 * END_BITS, hit >> END_BITS & mask, hit & mask) for hit in scan(databases, "a bb a")]
    assert hits == [(0, 2, 4), (1, 0, 1), (1, 5, 6)]


def test_what_a_user_names_is_not_kept_on_the_disk(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    users = Recognizer("u", "U", r"(?<!\w)(?:Anna|Schmidt)(?!\w)", True, LIKELY, limit_s=1.0)
    plain = Recognizer("u", "U", "Anna|Schmidt", True, LIKELY, limit_s=1.0)
    for some in ([users], [plain], [form("a", "A", r"\ba\b", LIKELY), plain]):
        compile_rules(some)
    assert not list(tmp_path.rglob("*.hs"))
    compile_rules([form("a", "A", r"\ba\b", LIKELY)])
    assert len(list(tmp_path.rglob("*.hs"))) == 1
