from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.errors import ConfigError
from topology.plain_yaml import MAX_NESTING, compose, construct


def read(text: str) -> object:
    root = compose(text, "f.yaml")
    return None if root is None else construct(root, "f.yaml")


def test_texts_numbers_lists_and_mappings_are_read_and_a_date_is_a_text():
    said = {"a": [1, 2.5, "x", True, None], "b": "2027-02-30"}
    assert read("a: [1, 2.5, x, true, null]\nb: 2027-02-30\n") == said


def test_an_empty_file_is_nothing():
    assert read("# nothing\n") is None


def test_what_merges_or_stands_for_a_value_elsewhere_is_text_like_other_text():
    assert read("a: {<<: {b: 1}, b: 2}\nc: =\n") == {"a": {"<<": {"b": 1}, "b": 2}, "c": "="}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x 1\nb: *x\n", "f.yaml:2: YAML aliases are not allowed"),
        ("a: 1\nb: !!int x\n", "f.yaml:2: YAML tags, as `!!int`, are not allowed"),
        ("a: !!python/object:os.system x\n", "f.yaml:1: YAML tags"),
        ("!!merge a: {b: 1}\n", "f.yaml:1: YAML tags"),
        ("a: ! 1\n", "f.yaml:1: YAML tags"),
        ("a: !!set {b}\n", "f.yaml:1: YAML tags"),
        ("a: 1\nb: {c: 1, c: 2}\n", "f.yaml:2: c is given twice"),
        ("- 1\n- {c: 1, 'c': 2}\n", "f.yaml:2: c is given twice"),
        ("a: 1\nb: [0x_]\n", "f.yaml:2: is no number that can be read; write it in a few digits"),
        ("a:\n  0b_: 1\n", "f.yaml:2: is no number that can be read; write it in a few digits"),
        (f"a: {'9' * 5000}\n", "f.yaml:1: is no number that can be read; write it in a few digits"),
        (f"a: 1{':1' * 200}.5\n", "f.yaml:1: is no number that can be read; write it in a few digits"),
        ("a: 1\n? [b]\n: 1\n", "f.yaml:2: no YAML: found unhashable key"),
        ("a: [1\n", "f.yaml:2: no YAML: "),
        ("a: \0\n", "f.yaml: no YAML"),
        ('a: "\\U00110000"\n', "f.yaml:1: no YAML: "),
        ('a: "\\UFFFFFFFF"\n', "f.yaml:1: no YAML: "),
        ('a: "\ud800"\n', "f.yaml: no YAML"),
        (f"%YAML 1.{'9' * 5000}\n---\na: 1\n", "f.yaml:1: no YAML: "),
        ("a: 1\n---\nb: 1\n", "f.yaml:2: no YAML: "),
    ],
)
def test_what_is_refused_is_named_with_its_line(text, said):
    with pytest.raises(ConfigError) as refused:
        read(text)
    assert str(refused.value).startswith(said)
    assert len(str(refused.value).splitlines()) == 1


def test_depth_has_a_limit():
    deep = "[" * MAX_NESTING + "]" * MAX_NESTING
    assert read(deep)
    with pytest.raises(ConfigError, match=r"f\.yaml:1: nested deeper than 20 levels"):
        read(f"[{deep}]")


def test_depth_is_refused_where_it_begins_and_not_after_all_of_it_was_read():
    """The scanner looks at every open bracket for each new one: all of these would take it an hour."""
    with pytest.raises(ConfigError, match="nested deeper"):
        read("[" * 200_000)


@given(st.text(st.sampled_from("ab01_:.-!&*<>=?[]{},|'\"\\x \n#%@`~+e\0\x85\ufeff\ud800"), max_size=60))
@example('"\\ud800": 1')
@example("%YAML 9.9\n---\na")
@example("%TAG ! tag:x,2000:\n---\n!a b")
@example("1.e+999")
def test_of_any_text_there_is_a_value_or_a_sentence(text):
    with suppress(ConfigError):
        read(text)
